"""Finds constants hidden in a cell: an accepted formula whose sums are scaled or shifted by numbers of the student's.

Such a cell computes the same family of functions as the plain one, so it must never be called wrong for certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from reference.cells.roles import Role, StepInputs
from reference.recognition.assignments import Units
from reference.recognition.clusters import Pieces
from reference.recognition.families import Family
from reference.recognition.hits import PLAIN, Constants, Formula, Hit
from reference.recognition.observation import CellObservation
from reference.recognition.search import stack_roles

ROUNDS = 25
"""Steps of the damped least-squares search."""
STEP = 1e-7
"""Step of the numerical derivatives; the residual at the solution is 0, so they need not be exact."""
MAX_TRIED = 48
"""Assignments that are tried for one formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    family: Family
    formula: Formula
    roles: dict[str, Role]
    seen: CellObservation

    def residual(self, numbers: Tensor) -> Tensor:
        """(..., assignments, values) for (..., assignments, roles, [scale, shift], units or 1)."""
        changed = {}
        for place, (name, role) in enumerate(self.roles.items()):
            scale, shift = (numbers[..., place, which, None, :] for which in (0, 1))
            changed[name] = Role(
                W_x=role.W_x * scale.mT,
                W_h=role.W_h * scale.mT,
                b_x=role.b_x * scale + shift,
                b_h=role.b_h * scale,
            )
        x, h, c, wanted = (torch.from_numpy(getattr(self.seen.samples, name)) for name in ("x", "h", "c", "outputs"))
        outputs = self.formula.step(
            StepInputs(
                x=x, h=h, c=c, roles=changed, activation=self.family.activation, gate_first=self.formula.gate_first
            )
        )
        return (torch.cat(outputs, dim=-1) - wanted).flatten(-2)


def find_constants(
    family: Family, formulas: Sequence[Formula], pieces: Pieces, units: Sequence[Units], seen: CellObservation
) -> Hit | None:
    """The formula, assignment and constants, one factor and shift for each sum, that reproduce the outputs, or None."""
    found = _first_solution(family, formulas, pieces, units, seen, 1)
    return None if found is None else replace(found[0], constants=_constants(family, found[1][..., 0]))


def has_constant_vectors(
    family: Family, formulas: Sequence[Formula], pieces: Pieces, units: Sequence[Units], seen: CellObservation
) -> bool:
    """True if a factor and a shift for each unit of each sum make an accepted formula reproduce the outputs."""
    return _first_solution(family, formulas, pieces, units, seen, seen.hidden_size) is not None


def _first_solution(
    family: Family,
    formulas: Sequence[Formula],
    pieces: Pieces,
    units: Sequence[Units],
    seen: CellObservation,
    width: int,
) -> tuple[Hit, Tensor] | None:
    tried = list(units[:MAX_TRIED])
    if not tried:
        return None
    for formula in formulas:
        problem = _Problem(family=family, formula=formula, roles=stack_roles(family, pieces, tried, seen), seen=seen)
        numbers = _solve(problem, len(tried), len(family.roles), width)
        gaps = problem.residual(numbers).abs().amax(1)
        best = int(gaps.argmin())
        if float(gaps[best]) <= seen.tolerances.value * max(1.0, float(np.abs(seen.samples.outputs).max())):
            return Hit.of(family, formula, pieces, tried[best]), numbers[best]
    return None


def _solve(problem: _Problem, count: int, roles: int, width: int) -> Tensor:
    """Damped Gauss-Newton for all assignments at once."""
    start = torch.tensor([1.0, 0.0], dtype=torch.float64)[:, None].expand(2, width)
    numbers = start.repeat(count, roles, 1, 1)
    unknown = 2 * roles * width
    damping = torch.full((count, 1, 1), 1e-3, dtype=torch.float64)
    residual = problem.residual(numbers)
    unit = torch.eye(unknown, dtype=torch.float64)
    nudges = (STEP * unit).reshape(unknown, 1, roles, 2, width)
    for _ in range(ROUNDS):
        jacobian = ((problem.residual(numbers + nudges) - residual) / STEP).movedim(0, -1)
        normal = jacobian.mT @ jacobian + damping * unit
        step = torch.linalg.solve(normal, jacobian.mT @ residual[..., None])[..., 0]
        proposal = numbers - step.reshape(numbers.shape)
        trial = problem.residual(proposal)
        better = trial.square().sum(1) < residual.square().sum(1)
        numbers = torch.where(better[:, None, None, None], proposal, numbers)
        residual = torch.where(better[:, None], trial, residual)
        damping = torch.where(better[:, None, None], damping / 10, damping * 10).clamp(1e-15, 1e6)
    return numbers


def _constants(family: Family, numbers: Tensor) -> dict[str, Constants]:
    """(roles, [scale, shift]) by role, without rounding errors, where they are not 1 and 0."""
    found = {}
    for place, name in enumerate(family.roles):
        scale, shift = (float(f"{float(value):.9g}") for value in numbers[place])
        found[name] = Constants(scale=scale, shift=0.0 if abs(shift) < 1e-8 else shift)
    return {name: constants for name, constants in found.items() if constants != PLAIN}


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
