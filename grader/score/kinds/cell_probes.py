"""The experiment on one step function of a student's: derivatives at one point, and fresh points to confirm them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from grader.errors import RubricError
from grader.oracle import Oracle
from grader.probes import Call, Catch, Construct, Fill, Jacobian, Let, Probe, Step
from grader.rubric import Check, Rubric

BATCHES = (3, 4, 6)
FIXED_BATCH = 2
FIXED_DIRECTIONS = 4
"""Sums of outputs that are differentiated for each sample, where a class keeps sizes of its own."""
FILL_SCALE = 0.7
TRIALS = 2
OWNER = "cell"
"""Name of the constructed module in the probe; parameters are drawn under it."""

Argument = str | bool | int | float
"""An argument of a constructor: `input_size`, `hidden_size`, or itself."""
DEFAULT_ARGUMENTS: tuple[Argument, ...] = ("input_size", "hidden_size")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlan:
    """How a class is probed as a cell of a family."""

    probe: str
    """Identifier of the probe."""
    target: str
    family: str
    input_size: int
    hidden_size: int
    has_cell_state: bool
    arguments: tuple[Argument, ...] = DEFAULT_ARGUMENTS
    fixed_sizes: tuple[int, int] | None = None
    """(input, hidden) at which the class is tried once more where it ignores the sizes that it is given."""
    directions: int | None = None
    """Sums of outputs that are differentiated for each sample; None: every output."""

    @property
    def fixed(self) -> CellPlan | None:
        """How the class is tried at sizes of its own; None if it is not."""
        if self.fixed_sizes is None:
            return None
        input_size, hidden_size = self.fixed_sizes
        return replace(
            self,
            probe=f"{self.probe}.fixed",
            input_size=input_size,
            hidden_size=hidden_size,
            fixed_sizes=None,
            directions=FIXED_DIRECTIONS,
        )

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the tensors that make up a state."""
        return ("h", "c") if self.has_cell_state else ("h",)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all tensors that a step takes."""
        return ("x", *self.states)

    @property
    def batch(self) -> int:
        """A batch that passes for neither size, so that a turned output shows."""
        if self.directions is not None:
            return FIXED_BATCH
        return next(batch for batch in BATCHES if batch not in (self.input_size, self.hidden_size))

    @property
    def scale(self) -> float | Literal["fan_in"]:
        """The standard deviation of parameters: such that sums are of ordinary size, whatever the sizes."""
        return FILL_SCALE if self.directions is None else "fan_in"

    def shape(self, name: str) -> tuple[int, int]:
        """The shape of an input: batch first, then its size."""
        return (self.batch, self.input_size if name == "x" else self.hidden_size)


def cell_plan(
    oracle: Oracle,
    target: str,
    family: str,
    *,
    probe: str,
    arguments: tuple[Argument, ...] = DEFAULT_ARGUMENTS,
    fixed_sizes: tuple[int, int] | None = None,
) -> CellPlan:
    """The plan for a class, at the sizes that the oracle likes best."""
    input_size, hidden_size = oracle.cell_sizes(family)
    return CellPlan(
        probe=probe,
        target=target,
        family=family,
        input_size=input_size,
        hidden_size=hidden_size,
        has_cell_state=oracle.has_cell_state(family),
        arguments=arguments,
        fixed_sizes=fixed_sizes,
    )


def cell_probes(plan: CellPlan) -> list[Probe]:
    """The probe of a plan, and the one that stands in for it where the class keeps sizes of its own."""
    first, fixed = cell_probe(plan), plan.fixed
    if fixed is None:
        return [first]
    return [first, cell_probe(fixed).model_copy(update={"after": (first.id,), "unless": (first.id,)})]


def cell_probe(plan: CellPlan) -> Probe:
    """The probe of a plan; runs once for each definition of the class."""
    sizes: dict[Any, int] = {"input_size": plan.input_size, "hidden_size": plan.hidden_size}
    target = {"ref": OWNER}
    steps: list[Step] = [
        Construct(
            save=OWNER,
            target=plan.target,
            args=tuple(sizes.get(argument, argument) for argument in plan.arguments),
        ),
        Fill(of=OWNER, scale=plan.scale),
        *(Let(save=name, value={"draw": name, "shape": list(plan.shape(name))}) for name in plan.inputs),
        Jacobian(
            save="jacobian",
            target=target,
            args=({"ref": "x"}, _state([{"ref": name} for name in plan.states])),
            wrt=(OWNER, *plan.inputs),
            directions=plan.directions,
            revive=OWNER,
        ),
        *(Call(save=trial(index), target=target, args=_trial_arguments(plan, index)) for index in range(TRIALS)),
        Call(save="repeated", target=target, args=_trial_arguments(plan, 0)),
        Catch(save="default_state", steps=_default_state(plan)),
    ]
    return Probe(id=plan.probe, subject=plan.target, steps=tuple(steps))


def trial(index: int) -> str:
    """Name under which the outputs of a trial are saved, and prefix of its inputs' draws."""
    return f"trial{index}"


def _trial_arguments(plan: CellPlan, index: int) -> tuple[Any, ...]:
    draws = [{"draw": f"{trial(index)}.{name}", "shape": list(plan.shape(name))} for name in plan.inputs]
    return (draws[0], _state(draws[1:]))


def _state(parts: list[Any]) -> Any:
    return {"tuple": parts} if len(parts) > 1 else parts[0]


def _default_state(plan: CellPlan) -> tuple[Step, ...]:
    """The step without a state, and with explicit zeros."""
    x = {"draw": "trial0.x", "shape": list(plan.shape("x"))}
    zeros = _state([{"zeros": list(plan.shape(name))} for name in plan.states])
    return (
        Call(save="zero_state", target={"ref": OWNER}, args=(x, zeros)),
        Call(save="no_state", target={"ref": OWNER}, args=(x,)),
    )


def require_oracle(rubric: Rubric, check: Check, oracle: Oracle | None) -> Oracle:
    """The oracle.

    Raises:
        RubricError: if the rubric names none.
    """
    if oracle is None:
        raise RubricError(
            "rubric-no-oracle",
            f'kind "{check.kind}" asks an oracle, and the rubric names none',
            where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
            next_step="add `oracle:` with the name of an installed one",
        )
    return oracle


def require_known(rubric: Rubric, check: Check, what: str, name: str, known: Sequence[str]) -> None:
    """Nothing, if the oracle knows the name.

    Raises:
        RubricError: if it does not, with a near name.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name, list(known), n=1)
    raise RubricError(
        "rubric-unknown-to-oracle",
        f'the oracle knows no {what} "{name}"',
        where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
        next_step=f'did you mean "{near[0]}"?' if near else f"it knows {', '.join(known)}",
    )


def require_mistakes(rubric: Rubric, check: Check, oracle: Oracle, identifiers: Sequence[str]) -> None:
    """Nothing, if the oracle can describe every identifier.

    Raises:
        RubricError: if it cannot, with a near name.
    """
    for identifier in identifiers:
        try:
            oracle.describe(identifier)
        except KeyError:
            known = oracle.nearest_mistakes(identifier.split(".", 1)[0] + ".")
            require_known(rubric, check, "mistake", identifier, known)
