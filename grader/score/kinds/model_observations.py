"""One run of a model as stored -> what the oracle looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from grader.evidence import Facts, Part, ProbeRun, Value
from grader.records import Outcome
from grader.score.kinds.covering import RunSpec
from grader.score.kinds.model_probes import GRADIENTS, INPUT, OUTPUT, OWNER, WEIGHTS
from grader.score.kinds.observations import Draws, facts_of, flatten, gradients_of, precision_of, tensors_of
from grader.score.kinds.troubles import Trouble, inconsistent

OUTPUT_ELEMENTS = 100_000
CALLS = 3_000


def model_observation(
    part: Part, run: ProbeRun, spec: RunSpec, *, family: str, roles: Mapping[str, str], target: str
) -> Mapping[str, Any] | Trouble:
    """What the oracle judges one run by.

    Args:
        part: holds the tensors.
        run: of the probe for `spec`, constructed; its call may have raised.
        spec: the factors of the run.
        family: of the cells in this mode.
        roles: which attribute plays which part.
        target: the model's class, for sentences.
    """
    facts = facts_of(run, OWNER)
    drawn = Draws.of(run)
    parameters = drawn.parameters(OWNER, facts, "fan_in")
    if parameters is None:
        return inconsistent(f"`{target}` has far more parameters than its sizes need")
    value = run.values.get(OUTPUT)
    output = _output(part, value, target) if run.status == "done" else None
    if isinstance(output, Trouble):
        return output
    flow = _flow(part, run, value)
    if flow is None:
        return inconsistent(f"the recorded calls of `{target}` are incomplete")
    x = drawn.tensor(INPUT, (spec.batch, spec.steps, spec.input_size))
    weights, gradients = None, {}
    if output is not None:
        weights = drawn.tensor(WEIGHTS, tuple(output.shape))
        found = gradients_of(part, run.values.get(GRADIENTS), OWNER, {**parameters, INPUT: x})
        if found is None:
            return inconsistent(f"the derivatives of `{target}` are missing or have the wrong shape")
        gradients = found
    seen = [*flow["tensors"].values(), *([output] if output is not None else [])]
    return {
        **spec.model_dump(),
        **flow,
        "family": family,
        "dtype": precision_of(run, [tensor for tensor in seen if tensor.is_floating_point()]),
        "parameters": parameters,
        "modules": _modules(facts),
        "x": x,
        "outputs": None if output is None else output.to(torch.float64),
        "error": _error(run),
        "weights": weights,
        "gradients": gradients,
        "roles": dict(roles),
    }


def _output(part: Part, value: Value | None, target: str) -> torch.Tensor | Trouble:
    """The one tensor that the model returned."""
    leaves = flatten(value)
    tensors = tensors_of(part, value)
    if tensors is None and all(leaf.kind == "tensor" for leaf in leaves):
        return inconsistent(f"the output of `{target}` was not stored")
    if not tensors or len(tensors) != 1:
        return Trouble(
            outcome=Outcome.FAILED,
            stage="run",
            reason=f"`{target}` does not return one tensor but {_found(leaves)}.",
            next_step="Look at the `return` line of the model.",
        )
    if tensors[0].numel() > OUTPUT_ELEMENTS:
        return inconsistent(f"the output of `{target}` is implausibly large")
    if not tensors[0].is_floating_point() or not bool(torch.isfinite(tensors[0]).all()):
        return Trouble(
            outcome=Outcome.FAILED,
            stage="run",
            reason=f"`{target}` returns values that are not finite real numbers for inputs of ordinary size.",
            next_step="Look for a division, a logarithm or a tensor that is used before it is filled.",
        )
    return tensors[0]


def _found(leaves: list[Value]) -> str:
    if len(leaves) == 1:
        return "None" if leaves[0].kind == "none" else f"a value of kind {leaves[0].kind}"
    return f"{len(leaves)} values"


def _flow(part: Part, run: ProbeRun, value: Value | None) -> dict[str, Any] | None:
    """The recorded calls with their tensors; None if one of these is not stored."""
    calls = value.calls if value is not None else ()
    tensors: dict[str, torch.Tensor] = {}
    for identifier in {name for call in calls[:CALLS] for name in (*call.inputs, *call.outputs)}:
        tensor = part.tensor(identifier)
        if tensor is None:
            tensor = part.tensor(f"{run.probe}@{run.definition}/t/{identifier}")
        if tensor is None:
            return None
        tensors[identifier] = tensor.to(torch.float64) if tensor.is_floating_point() else tensor
    listed = [
        {
            "module": call.module,
            "class": call.class_name,
            "inputs": list(call.inputs),
            "outputs": list(call.outputs),
        }
        for call in calls[:CALLS]
    ]
    return {"calls": listed, "tensors": tensors}


def _modules(facts: Facts) -> dict[str, dict[str, Any]]:
    return {
        one.name: {"class": one.class_name, "library": one.library, "attributes": dict(one.attributes)}
        for one in facts.modules
    }


def _error(run: ProbeRun) -> dict[str, Any] | None:
    if run.raised is None:
        return None
    return {"type": run.raised.type, "line": run.raised.line}
