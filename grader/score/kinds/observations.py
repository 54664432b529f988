"""Stored evidence -> what the oracle looks at. Inputs and parameters are computed anew, whatever came back.

A submission writes its own evidence, so nothing in it is taken for granted: sizes are bounded before anything is drawn,
shapes are compared before anything is judged, and what does not fit together goes to a person.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from grader import draws
from grader.evidence import Part, ProbeRun
from grader.records import Outcome
from grader.score.kinds.cell_probes import OWNER, TRIALS, CellPlan, trial
from grader.score.kinds.drawn import drawn
from grader.score.kinds.troubles import Trouble, inconsistent
from grader.values import Facts, Value

PARAMETER_ELEMENTS = 200_000
"""Of one probed module; far above any honest one at the sizes that are probed."""
_ORDINALS = ("first", "second", "third")
_NUMBERS = ("nothing", "one tensor", "two tensors", "three tensors", "four tensors")
_NO_FACTS = Facts(class_name="", is_module=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """The numbers of one probe run, as the agent drew them."""

    seed: str
    salt: int
    precision: torch.dtype

    @classmethod
    def of(cls, run: ProbeRun) -> Draws:
        """The draws of a run."""
        precision = torch.float32 if run.dtype == "float32" else torch.float64
        return cls(seed=run.seed, salt=run.salt, precision=precision)

    def tensor(self, name: str, shape: Sequence[int]) -> torch.Tensor:
        """An input, rounded as the run rounded it; float64."""
        return drawn(self.seed, name, tuple(shape), self.precision)

    def parameters(self, owner: str, facts: Facts, scale: float | Literal["fan_in"]) -> dict[str, torch.Tensor] | None:
        """Every parameter as filled, float64; None if their sizes are implausible."""
        if not plausible(facts):
            return None
        return {
            one.name: drawn(
                self.seed,
                draws.parameter_name(owner, one.name, self.salt),
                one.shape,
                self.precision,
                draws.parameter_scale(one.shape, scale),
            )
            for one in facts.parameters
        }


def plausible(facts: Facts) -> bool:
    """True if the parameters of a module are no more than can be drawn."""
    sizes = [size for one in facts.parameters for size in one.shape]
    return min(sizes, default=0) >= 0 and sum(math.prod(one.shape) for one in facts.parameters) <= PARAMETER_ELEMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """An observation for the oracle, with what was seen by the way."""

    content: Mapping[str, Any]
    notes: tuple[str, ...] = field(default=())
    """Sentences for the student."""


def facts_of(run: ProbeRun, name: str) -> Facts:
    """What an object constructed by the probe looks like; empty facts where there are none."""
    value = run.values.get(name)
    return value.facts if value is not None and value.facts is not None else _NO_FACTS


def flatten(value: Value | None) -> list[Value]:
    """The leaves of nested tuples and lists, in order."""
    if value is None:
        return []
    if value.kind in ("tuple", "list"):
        return [leaf for item in value.items for leaf in flatten(item)]
    return [value]


def tensors_of(part: Part, value: Value | None) -> list[torch.Tensor] | None:
    """The tensors that a call returned, tuples flattened; None if anything else is among them."""
    found = [part.tensor(leaf) if leaf.kind == "tensor" else None for leaf in flatten(value)]
    return [tensor for tensor in found if tensor is not None] if all(one is not None for one in found) else None


def real(tensor: torch.Tensor) -> bool:
    """True if all that a tensor holds are finite real numbers."""
    if not tensor.is_floating_point():
        return False
    # A finite sum is the cheap proof; an infinite one may come of large numbers.
    return math.isfinite(float(tensor.sum())) or bool(torch.isfinite(tensor).all())


def precision_of(run: ProbeRun, tensors: Sequence[torch.Tensor]) -> str:
    """float32 if the run, or anything that came out of it, had no more digits."""
    coarse = run.dtype == "float32" or any(tensor.dtype != torch.float64 for tensor in tensors)
    return "float32" if coarse else "float64"


def cell_observation(part: Part, run: ProbeRun, plan: CellPlan, names: Sequence[str]) -> Observed | Trouble:
    """What the oracle judges a cell by.

    Args:
        part: holds the tensors.
        run: of `plan.probe`, status `done`.
        plan: how the cell was probed.
        names: what the student calls the tensors that a step returns.
    """
    saved = ["jacobian", *(trial(index) for index in range(TRIALS)), "repeated"]
    outputs: dict[str, list[torch.Tensor]] = {}
    for name in saved:
        found = _step_outputs(part, run.values.get(name), plan, names)
        if isinstance(found, Trouble):
            return found
        outputs[name] = found
    drawn = Draws.of(run)
    parameters = drawn.parameters(OWNER, facts_of(run, OWNER), plan.scale)
    if parameters is None:
        return inconsistent(f"`{plan.target}` has far more parameters than its sizes need")
    if set(parameters) & set(plan.inputs):
        return inconsistent(f"a parameter of `{plan.target}` has the name of an input")
    inputs = {name: drawn.tensor(name, plan.shape(name)) for name in plan.inputs}
    rows = sum(tensor.numel() for tensor in outputs["jacobian"])
    directions: dict[str, torch.Tensor] = {}
    if plan.directions is not None:
        shape = (plan.batch, plan.directions, rows // plan.batch)
        directions, rows = {"directions": drawn.tensor("jacobian.directions", shape)}, plan.batch * plan.directions
    jacobian = gradients_of(part, run.values["jacobian"], OWNER, {**parameters, **inputs}, rows=rows)
    if jacobian is None:
        return inconsistent(f"the derivatives of `{plan.target}` are missing or have the wrong shape")
    everything = [tensor for tensors in outputs.values() for tensor in tensors]
    content = {
        "input_size": plan.input_size,
        "hidden_size": plan.hidden_size,
        "dtype": precision_of(run, everything),
        "parameters": parameters,
        **inputs,
        "outputs": doubles(outputs["jacobian"]),
        "jacobian": jacobian,
        **directions,
        "trials": [_trial(drawn, plan, index, outputs[trial(index)]) for index in range(TRIALS)],
        "repeated": doubles(outputs["repeated"]),
    }
    return Observed(content=content, notes=_notes(run, plan))


def _trial(drawn: Draws, plan: CellPlan, index: int, outputs: list[torch.Tensor]) -> dict[str, Any]:
    inputs = {name: drawn.tensor(f"{trial(index)}.{name}", plan.shape(name)) for name in plan.inputs}
    return {**inputs, "outputs": doubles(outputs)}


def doubles(tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    return tuple(tensor.to(torch.float64) for tensor in tensors)


def _notes(run: ProbeRun, plan: CellPlan) -> tuple[str, ...]:
    changed = any(value.changed for value in run.values.values())
    note = f"`{plan.target}` changes a tensor that it is given in place; here that costs nothing, in a loop it may."
    return (note,) if changed else ()


def _step_outputs(
    part: Part, value: Value | None, plan: CellPlan, names: Sequence[str]
) -> list[torch.Tensor] | Trouble:
    """The tensors of one step, or what is wrong with their number or shape."""
    wanted = plan.shape("h")
    leaves = flatten(value)
    tensors = tensors_of(part, value)
    if value is None or (tensors is None and all(leaf.kind == "tensor" for leaf in leaves)):
        return inconsistent(f"an output of `{plan.target}` was not stored")
    if tensors is None or len(tensors) != len(plan.states):
        found = _in_words(leaves)
        listed = " and ".join(f"`{name}`" for name in names[: len(plan.states)])
        return _wrong(
            f"A step of `{plan.target}` returns {found}; it should return {_NUMBERS[len(plan.states)]}: {listed}.",
            "Look at the `return` line of the step.",
        )
    for place, tensor in enumerate(tensors):
        shape = tuple(tensor.shape)
        name = f"`{names[place]}`" if place < len(names) else f"The {_ORDINALS[place]} output"
        if shape != wanted:
            turned = ": batch first, then the hidden size"
            return _wrong(
                f"{name} has shape {shape}; it should be {wanted}{turned}.",
                "Print the shape after each line of the step and find the first that surprises you.",
            )
        if not real(tensor):
            return _wrong(
                f"{name} holds values that are not finite real numbers, although every input was of ordinary size.",
                "Look for a division, a logarithm or a tensor that is used before it is filled.",
            )
    return tensors


def _in_words(leaves: Sequence[Value]) -> str:
    others = [leaf for leaf in leaves if leaf.kind != "tensor"]
    if others:
        kind = {"array": "a NumPy array", "none": "None"}.get(others[0].kind, f"a value of kind {others[0].kind}")
        return kind if len(leaves) == 1 else f"{len(leaves)} values, one of them {kind}"
    return _NUMBERS[len(leaves)] if len(leaves) < len(_NUMBERS) else f"{len(leaves)} tensors"


def _wrong(reason: str, next_step: str) -> Trouble:
    return Trouble(outcome=Outcome.FAILED, stage="run", reason=reason, next_step=next_step)


def gradients_of(
    part: Part,
    value: Value | None,
    owner: str,
    wanted: Mapping[str, torch.Tensor],
    *,
    rows: int | None = None,
) -> dict[str, torch.Tensor] | None:
    """The derivatives by every wanted name, a parameter's without its owner; None if one is missing or misshapen."""
    gradients = value.gradients if value is not None else {}
    found: dict[str, torch.Tensor] = {}
    for name, like in wanted.items():
        key = gradients.get(f"{owner}.{name}", gradients.get(name))
        tensor = part.tensor(key)
        shape = tuple(like.shape) if rows is None else (rows, *like.shape)
        if tensor is None or tuple(tensor.shape) != shape or not tensor.is_floating_point():
            return None
        found[name] = tensor.to(torch.float64)
    return found
