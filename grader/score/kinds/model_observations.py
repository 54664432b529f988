"""One run of a model as stored -> what the oracle looks at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from grader.evidence import Part, ProbeRun
from grader.records import Outcome
from grader.score.kinds.covering import RunSpec
from grader.score.kinds.model_probes import GRADIENTS, INPUT, OUTPUT, OWNER, WEIGHTS
from grader.score.kinds.observations import (
    Draws,
    facts_of,
    flatten,
    gradients_of,
    plausible,
    precision_of,
    real,
    tensors_of,
)
from grader.score.kinds.troubles import Trouble, inconsistent
from grader.values import Facts, Value

OUTPUT_ELEMENTS = 100_000
CALLS = 3_000
NAME_CHARS = 32 * 1024
"""What is constructed is described in so many characters at most, where a run has a name; honest models need a few
thousand."""


class IncompleteFlowError(LookupError):
    """The recorded calls are looked at, and a tensor of theirs is not stored."""


class Observation(Mapping[str, Any]):
    """What an oracle is shown; what is costly is made when it is looked at, and once.

    Raises:
        IncompleteFlowError: where calls are looked at that are not stored completely.
    """

    def __init__(self, known: Mapping[str, Any], makers: Mapping[str, Callable[[], Any]]) -> None:
        self._known = dict(known)
        self._makers = {name: make for name, make in makers.items() if name not in known}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._makers[name]()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._known, *(name for name in self._makers if name not in self._known)))

    def __len__(self) -> int:
        return len(set(self._known) | set(self._makers))

    def __contains__(self, name: object) -> bool:
        return name in self._known or name in self._makers


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
    if not plausible(facts):
        return inconsistent(f"`{target}` has far more parameters than its sizes need")
    if any(one.name == INPUT for one in facts.parameters):
        return inconsistent(f"a parameter of `{target}` has the name of the input")
    value = run.values.get(OUTPUT)
    output = _output(part, value, target) if run.status == "done" else None
    if isinstance(output, Trouble):
        return output
    drawn = Draws.of(run)
    shapes = {INPUT: (spec.batch, spec.steps, spec.input_size), **{one.name: one.shape for one in facts.parameters}}
    known: dict[str, Any] = {
        **spec.factors,
        "family": family,
        "numbers": _numbers(run, shapes[INPUT], output),
        "outputs": None if output is None else output.to(torch.float64),
        "error": _error(run),
        "roles": dict(roles),
    }
    if run.dtype == "float32" or (output is not None and output.dtype != torch.float64):
        known["dtype"] = "float32"
    if output is None:
        known |= {"weights": None, "gradients": {}}
    else:
        gradients = _gradients(part, run.values.get(GRADIENTS), shapes)
        if gradients is None:
            return inconsistent(f"the derivatives of `{target}` are missing or have the wrong shape")
        known |= gradients
    read: list[dict[str, Any]] = []

    def flow() -> dict[str, Any]:
        if not read:
            read.append(_flow(part, run, value))
        return read[0]

    makers: dict[str, Callable[[], Any]] = {
        "parameters": lambda: drawn.parameters(OWNER, facts, "fan_in"),
        "modules": lambda: _modules(facts),
        "x": lambda: drawn.tensor(INPUT, shapes[INPUT]),
        "weights": lambda: drawn.tensor(WEIGHTS, tuple(() if output is None else output.shape)),
        "gradients": lambda: _split(known["gradient_vector"], shapes),
        "calls": lambda: flow()["calls"],
        "tensors": lambda: flow()["tensors"],
        "dtype": lambda: precision_of(run, [one for one in flow()["tensors"].values() if one.is_floating_point()]),
    }
    return Observation(known, makers)


def _numbers(run: ProbeRun, drawn: tuple[int, ...], output: torch.Tensor | None) -> tuple[object, ...] | None:
    """A name for everything that is drawn and constructed in a run: with equal ones, all of that is equal.

    Args:
        run: of the probe.
        drawn: shape of the input.
        output: what the model returned.

    Returns:
        None where the name would be too long to be kept.
    """
    model = run.values.get(OWNER)
    constructed = "" if model is None or model.facts_text is None else model.facts_text
    if len(constructed) > NAME_CHARS:
        return None
    return run.seed, run.salt, run.dtype, drawn, None if output is None else tuple(output.shape), constructed


def _gradients(part: Part, value: Value | None, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any] | None:
    """All gradients in one piece, or one by one where that cannot be; None if one is missing or misshapen."""
    stored = value.gradients if value is not None else {}
    keys = [stored.get(f"{OWNER}.{name}", stored.get(name)) for name in shapes]
    whole = part.tensors.joined(keys, list(shapes.values()))
    if whole is not None:
        return {"gradient_vector": whole}
    wanted = {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}
    found = gradients_of(part, value, OWNER, wanted)
    return None if found is None else {"gradients": found}


def _split(whole: torch.Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """The gradients by name."""
    pieces = torch.split_with_sizes(whole, [math.prod(shape) for shape in shapes.values()])
    return {name: piece.reshape(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}


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
    if not real(tensors[0]):
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


def _flow(part: Part, run: ProbeRun, value: Value | None) -> dict[str, Any]:
    """The recorded calls with their tensors.

    Raises:
        IncompleteFlowError: if one of these is not stored.
    """
    calls = value.calls if value is not None else ()
    tensors: dict[str, torch.Tensor] = {}
    for identifier in {name for call in calls[:CALLS] for name in (*call.inputs, *call.outputs)}:
        tensor = part.tensor(identifier)
        if tensor is None:
            tensor = part.tensor(f"{run.probe}@{run.definition}/t/{identifier}")
        if tensor is None:
            raise IncompleteFlowError(identifier)
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
