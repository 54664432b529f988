"""Finds constants hidden in a cell: an accepted formula whose sums are scaled or shifted by numbers of the student's.

Such a cell computes the same family of functions as the plain one, so it must never be called wrong for certain. Each
unit of each sum may have numbers of its own, as where a bias is kept in a plain tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from reference.cells.roles import Role, Step, StepInputs
from reference.recognition.assignments import Units
from reference.recognition.clusters import Pieces
from reference.recognition.families import Family
from reference.recognition.hits import PLAIN, Constants, Formula, Hit
from reference.recognition.observation import CellObservation
from reference.recognition.search import stack_roles

ROUNDS = 30
"""Steps of the damped least-squares search."""
STEP = 1e-7
"""Step of the numerical derivatives; the residual at the solution is 0, so they need not be exact."""
DONE = 1e-12
"""Residual at which nothing is left to improve."""
LOOK_AFTER, HOPELESS = 14, 1e-2
"""Round after which a search is given up that is still as far off as this: near a solution it converges in a few."""
MAX_TRIED = 24
"""Assignments that are tried for one formula."""
STARTS = ((1.0, 0.0), (1.0, 1.0), (1.0, -1.0), (0.5, 0.0), (2.0, 0.0))
"""(factor, shift) from which the search sets out."""
NEAR = 1e-3
"""Distance of outputs that no other formula comes near to: constants are there, even if the search was not done."""
SHORT = 1e-9
"""How near a found number has to be to a short one to be taken for it."""
UNIFORM = 1e-7
"""Numbers of several units that differ by no more are one constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An accepted formula that reproduces the outputs once its sums have constants."""

    hit: Hit | None
    """With the constants, if there is one factor and one shift for all units of a sum; None if units differ, or if the
    search came near and was not done."""


def find_constants(
    family: Family, formulas: Sequence[Formula], pieces: Pieces, units: Sequence[Units], seen: CellObservation
) -> Found | None:
    """The first formula, assignment and constants that reproduce the outputs, or None."""
    tried = list(units[:MAX_TRIED])
    scale = max(1.0, float(np.abs(seen.samples.outputs).max()))
    nearly = None
    for formula in formulas if tried else ():
        problem = _Problem.of(family, formula, pieces, tried, seen)
        numbers, gaps = _solve(problem, len(tried), seen.hidden_size)
        best = int(gaps.argmin())
        if float(gaps[best]) <= seen.tolerances.value * scale:
            hit = Hit.of(family, formula, pieces, tried[best])
            constants = _uniform(family, numbers[best])
            return Found(hit=None if constants is None else replace(hit, constants=constants))
        if float(gaps[best]) <= NEAR * scale:
            nearly = Found(hit=None)
    return nearly


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _ChangedRole(Role):
    """A role with a factor and shifts for each unit."""

    scale: Tensor
    """(..., 1, n)"""
    shift: Tensor
    shift_h: Tensor

    def of_input(self, x: Tensor) -> Tensor:
        return Role.of_input(self, x) * self.scale + self.shift

    def of_state(self, h: Tensor) -> Tensor:
        return Role.of_state(self, h) * self.scale + self.shift_h


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """A formula on all assignments; numbers have the shape (..., assignments, n, places)."""

    family: Family
    step: Step
    inputs: StepInputs
    target: Tensor
    """(rows, outputs · n)"""

    @classmethod
    def of(
        cls, family: Family, formula: Formula, pieces: Pieces, units: Sequence[Units], seen: CellObservation
    ) -> _Problem:
        x, h, c, target = (torch.from_numpy(getattr(seen.samples, name)) for name in ("x", "h", "c", "outputs"))
        roles = stack_roles(family, pieces, units, seen)
        inputs = StepInputs(x=x, h=h, c=c, roles=roles, activation=family.activation, gate_first=formula.gate_first)
        return cls(family=family, step=formula.step, inputs=inputs, target=target)

    @property
    def places(self) -> int:
        """Numbers of one unit: factor and shift of each sum, then the shift of the state's part of a gated one."""
        return 2 * len(self.family.roles) + (self.family.gated is not None)

    def residual(self, numbers: Tensor) -> Tensor:
        """(..., assignments, n, values): what is left of the outputs of each unit."""
        changed = {}
        for place, (name, role) in enumerate(self.inputs.roles.items()):
            scale, shift = numbers[..., None, :, 2 * place], numbers[..., None, :, 2 * place + 1]
            shift_h = numbers[..., None, :, -1] if name == self.family.gated else torch.zeros_like(shift)
            changed[name] = _ChangedRole(
                W_x=role.W_x, W_h=role.W_h, b_x=role.b_x, b_h=role.b_h, scale=scale, shift=shift, shift_h=shift_h
            )
        outputs = torch.cat(self.step(replace(self.inputs, roles=changed)), dim=-1) - self.target
        n = numbers.shape[-2]
        return outputs.reshape(*outputs.shape[:-2], -1, n).mT  # each output of each row has n columns

    def start(self, scale: float, shift: float, assignments: int, n: int) -> Tensor:
        """The same factor and shift in every sum."""
        numbers = torch.zeros(assignments, n, self.places, dtype=torch.float64)
        numbers[..., 0 : 2 * len(self.family.roles) : 2] = scale
        numbers[..., 1 : 2 * len(self.family.roles) : 2] = shift
        return numbers

    def nudges(self, n: int) -> tuple[Tensor, bool]:
        """Changes of one number each, and whether a unit's numbers are its own business.

        Where a cell works elementwise, the same number of all units is changed at once: (places, 1, 1, n, places).
        Elsewhere one number of one unit: (n · places, 1, 1, n, places).
        """
        start = self.start(1.0, 0.0, 1, n)
        one_unit = torch.zeros(n, self.places, dtype=torch.float64)
        one_unit[0] = 0.1
        moved = (self.residual(start + one_unit) - self.residual(start)).abs().amax(dim=-1)
        alone = n == 1 or float(moved[..., 1:].max()) == 0.0
        unit = STEP * torch.eye(self.places if alone else n * self.places, dtype=torch.float64)
        if alone:
            return unit[:, None, None, None, :].expand(-1, 1, 1, n, -1), True
        return unit.reshape(-1, 1, 1, n, self.places), False


def _solve(problem: _Problem, assignments: int, n: int) -> tuple[Tensor, Tensor]:
    """The best numbers (assignments, n, places) found from all starts, and how far off they are (assignments)."""
    numbers = torch.stack([problem.start(scale, shift, assignments, n) for scale, shift in STARTS])
    nudges, alone = problem.nudges(n)
    groups = n if alone else 1

    def grouped(values: Tensor) -> Tensor:
        return values if alone else values.flatten(-2, -1).unsqueeze(-2)

    residual = problem.residual(numbers)  # (starts, assignments, n, values)
    unit = torch.eye(nudges.shape[0], dtype=torch.float64)
    damping = torch.full((*numbers.shape[:2], groups, 1, 1), 1e-3, dtype=torch.float64)
    for round_number in range(ROUNDS):
        far = float(grouped(residual).abs().amax(-1).amin(0).amax(-1).min())
        if far < DONE or (round_number == LOOK_AFTER and far > HOPELESS):
            break
        slopes = grouped((problem.residual(numbers + nudges) - residual) / STEP).movedim(0, -1)
        normal = slopes.mT @ slopes + damping * unit
        step = torch.linalg.solve_ex(normal, slopes.mT @ grouped(residual)[..., None])[0][..., 0]
        proposal = numbers - step.reshape(numbers.shape)
        trial = problem.residual(proposal)
        better = grouped(trial).square().sum(-1) < grouped(residual).square().sum(-1)  # (starts, assignments, groups)
        numbers = torch.where(better[..., None], proposal, numbers)
        residual = torch.where(better[..., None], trial, residual)
        damping = torch.where(better[..., None, None], damping / 10, damping * 10).clamp(1e-12, 1e6)
    gaps = grouped(residual).abs().amax(-1)  # (starts, assignments, groups)
    best = gaps.argmin(0, keepdim=True)
    chosen = numbers.gather(0, best[..., None].expand(-1, -1, n, problem.places))[0]
    return chosen, gaps.amin(0).amax(-1)


def _uniform(family: Family, numbers: Tensor) -> dict[str, Constants] | None:
    """Numbers (n, places) by role, where they are not 1 and 0; None if units differ."""
    if float((numbers - numbers.mean(0)).abs().max()) > UNIFORM or (
        family.gated and abs(float(numbers[0, -1])) > UNIFORM
    ):
        return None
    found = {}
    for place, name in enumerate(family.roles):
        scale, shift = (_settled(float(value)) for value in numbers[:, 2 * place : 2 * place + 2].mean(0))
        found[name] = Constants(scale=scale, shift=0.0 if abs(shift) < UNIFORM else shift)
    return {name: constants for name, constants in found.items() if constants != PLAIN}


def _settled(number: float) -> float:
    """The short number that somebody wrote, if there is one as near as the search can see; else the number itself."""
    short = float(f"{number:.7g}")
    return short if abs(short - number) <= SHORT * max(1.0, abs(number)) else number


def describe_constants(hit: Hit) -> list[str]:
    """What was found, one phrase for each role that has a constant."""
    phrases = []
    for name, constants in hit.constants.items():
        if constants.scale != 1.0:
            phrases.append(f"sum of {name} multiplied by {constants.scale:.4g}")
        if constants.shift != 0.0:
            phrases.append(f"{constants.shift:.4g} added to the sum of {name}")
    return phrases


def only_forget_bias(hit: Hit) -> bool:
    """True for the well-known constant inside an LSTM's forget gate, and nothing else."""
    return hit.formula.id == "lstm.correct" and all(
        name == "f" and constants.scale == 1.0 for name, constants in hit.constants.items()
    )
