"""The runs of a model that keeps its cell inside, as stored -> what the oracle looks at."""

from __future__ import annotations

from typing import Any

import torch

from grader import draws
from grader.evidence import Part, ProbeRun
from grader.records import Outcome
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
from grader.score.kinds.sequence_probes import (
    BATCH,
    CLASSES,
    DIFFERENTIATED,
    FILL_SCALE,
    HIDDEN,
    LENGTHS,
    OWNER,
    Form,
    SequenceParameters,
    again_name,
    run_name,
)
from grader.score.kinds.troubles import Trouble, inconsistent
from grader.values import Facts, Value


def sequence_observation(
    part: Part, run: ProbeRun, parameters: SequenceParameters, form: Form
) -> dict[str, Any] | Trouble:
    """What the oracle judges a model by.

    Args:
        part: holds the tensors.
        run: of the probe for the form, status `done`.
        parameters: what the rubric says.
        form: how the sequence was given.
    """
    facts = facts_of(run, OWNER)
    if not plausible(facts):
        return inconsistent(f"`{parameters.target}` has far more parameters than its sizes need")
    filled = _filled(part, run, facts, parameters)
    if filled is None:
        return inconsistent(f"a parameter of `{parameters.target}` that was to be kept is not stored")
    runs = []
    seen: list[torch.Tensor] = []
    for steps in LENGTHS:
        outputs = _scores(part, run.values.get(run_name(steps)), parameters.target)
        if isinstance(outputs, Trouble):
            return outputs
        seen.append(outputs)
        jacobian = None
        if steps in DIFFERENTIATED:
            value = run.values.get(run_name(steps))
            jacobian = gradients_of(part, value, OWNER, filled, rows=BATCH * CLASSES)
            if jacobian is None:
                return inconsistent(f"the derivatives of `{parameters.target}` are missing or have the wrong shape")
        again = _scores(part, run.values.get(again_name(steps)), parameters.target)
        runs.append(
            {
                "x": torch.tensor(parameters.encoded(steps, form), dtype=torch.float64),
                "outputs": outputs.to(torch.float64),
                "jacobian": jacobian,
                "repeated": None if isinstance(again, Trouble) else again.to(torch.float64),
            }
        )
    return {
        "hidden_size": HIDDEN,
        "dtype": precision_of(run, seen),
        "parameters": filled,
        "attributes": {
            name: value
            for name, value in facts.attributes.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        },
        "runs": runs,
    }


def _filled(part: Part, run: ProbeRun, facts: Facts, parameters: SequenceParameters) -> dict[str, torch.Tensor] | None:
    """Every parameter as the probe left it; None if one that was kept is not stored."""
    drawn = Draws.of(run)
    usual = drawn.parameters(OWNER, facts, FILL_SCALE) or {}
    made = run.values.get(OWNER)
    filled: dict[str, torch.Tensor] = {}
    for one in facts.parameters:
        bounds = draws.range_of(one.name, parameters.ranges)
        if bounds is not None:
            key = draws.parameter_name(OWNER, one.name, run.salt)
            value = draws.draw_between(run.seed, key, one.shape, low=bounds[0], high=bounds[1])
            filled[one.name] = value.to(drawn.precision).to(torch.float64)
        elif one.requires_grad:
            filled[one.name] = usual[one.name]
        else:
            kept = part.tensor(made.gradients.get(one.name)) if made is not None else None
            if kept is None or tuple(kept.shape) != one.shape or not kept.is_floating_point():
                return None
            filled[one.name] = kept.to(drawn.precision).to(torch.float64)
    return filled


def _scores(part: Part, value: Value | None, target: str) -> torch.Tensor | Trouble:
    """The one tensor (batch, classes) that a call returned."""
    leaves = flatten(value)
    tensors = tensors_of(part, value)
    if tensors is None and leaves and all(leaf.kind == "tensor" for leaf in leaves):
        return inconsistent(f"an output of `{target}` was not stored")
    if not tensors or len(tensors) != 1:
        return _wrong(
            f"`{target}` does not return one tensor of scores.", "Look at the `return` line of the model's `forward`."
        )
    shape = tuple(tensors[0].shape)
    if shape != (BATCH, CLASSES):
        return _wrong(
            f"The output of `{target}` has shape {shape}; it should be {(BATCH, CLASSES)}: batch first, then the "
            "classes, after the last step.",
            "Print the shape after each line of `forward` and find the first that surprises you.",
        )
    if not real(tensors[0]):
        return _wrong(
            f"`{target}` returns values that are not finite real numbers for inputs of ordinary size.",
            "Look for a division, a logarithm or a tensor that is used before it is filled.",
        )
    return tensors[0]


def _wrong(reason: str, next_step: str) -> Trouble:
    return Trouble(outcome=Outcome.FAILED, stage="run", reason=reason, next_step=next_step)
