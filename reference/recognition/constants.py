"""Finds constants hidden in a cell: an accepted formula whose sums are scaled or shifted by numbers of the student's.

Such a cell computes the same family of functions as the plain one, so it must never be called wrong for certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reference.cells.roles import Role, StepInputs
from reference.recognition.clusters import Pieces, Units
from reference.recognition.families import Family
from reference.recognition.layout import CellLayout
from reference.recognition.observation import CellObservation
from reference.recognition.search import Formula, Hit, make_hit, stack_roles

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
        """(..., assignments, values) for (..., assignments, roles, [scale, shift])."""
        changed = {}
        for place, (name, role) in enumerate(self.roles.items()):
            scale, shift = (numbers[..., place, which, None, None] for which in (0, 1))
            changed[name] = Role(
                W_x=role.W_x * scale,
                W_h=role.W_h * scale,
                b_x=role.b_x * scale + shift,
                b_h=role.b_h * scale,
            )
        samples = self.seen.samples
        outputs = self.formula.step(
            StepInputs(
                x=samples.x,
                h=samples.h,
                c=samples.c,
                roles=changed,
                activation=self.family.activation,
                gate_first=self.formula.gate_first,
            )
        )
        return (torch.cat(outputs, dim=-1) - samples.outputs).flatten(-2)


def find_constants(
    family: Family, formulas: Sequence[Formula], pieces: Pieces, units: Sequence[Units], seen: CellObservation
) -> Hit | None:
    """The formula, assignment and constants that reproduce the outputs, or None."""
    tried = list(units[:MAX_TRIED])
    if not tried:
        return None
    for formula in formulas:
        problem = _Problem(family=family, formula=formula, roles=stack_roles(family, pieces, tried, seen), seen=seen)
        numbers = _solve(problem, len(tried), len(family.roles))
        gaps = problem.residual(numbers).abs().amax(1)
        best = int(gaps.argmin())
        if float(gaps[best]) <= seen.tolerances.value * max(1.0, float(seen.samples.outputs.abs().max())):
            hit = make_hit(family, formula, pieces, tried[best])
            return replace(hit, layout=_with(hit, family, numbers[best]))
    return None


def _solve(problem: _Problem, count: int, roles: int) -> Tensor:
    """Damped Gauss-Newton for all assignments at once."""
    numbers = torch.tensor([1.0, 0.0], dtype=torch.float64).repeat(count, roles, 1)
    damping = torch.full((count, 1, 1), 1e-3, dtype=torch.float64)
    residual = problem.residual(numbers)
    unit = torch.eye(2 * roles, dtype=torch.float64)
    nudges = (STEP * unit).reshape(2 * roles, 1, roles, 2)
    for _ in range(ROUNDS):
        jacobian = ((problem.residual(numbers + nudges) - residual) / STEP).movedim(0, -1)
        normal = jacobian.mT @ jacobian + damping * unit
        step = torch.linalg.solve(normal, jacobian.mT @ residual[..., None])[..., 0]
        proposal = numbers - step.reshape(count, roles, 2)
        trial = problem.residual(proposal)
        better = trial.square().sum(1) < residual.square().sum(1)
        numbers = torch.where(better[:, None, None], proposal, numbers)
        residual = torch.where(better[:, None], trial, residual)
        damping = torch.where(better[:, None, None], damping / 10, damping * 10).clamp(1e-15, 1e6)
    return numbers


def _with(hit: Hit, family: Family, numbers: Tensor) -> CellLayout:
    roles = {}
    for place, name in enumerate(family.roles):
        scale, shift = (float(f"{float(value):.9g}") for value in numbers[place])
        roles[name] = replace(hit.layout.roles[name], scale=scale, shift=0.0 if abs(shift) < 1e-8 else shift)
    return replace(hit.layout, roles=roles)


def describe_constants(hit: Hit) -> list[str]:
    """What was found, one phrase for each role that has a constant."""
    phrases = []
    for name, role in hit.layout.roles.items():
        if role.scale != 1.0:
            phrases.append(f"sum of {name} multiplied by {role.scale:.4g}")
        if role.shift != 0.0:
            phrases.append(f"{role.shift:.4g} added to the sum of {name}")
    return phrases


def only_forget_bias(hit: Hit) -> bool:
    """True for the well-known constant inside an LSTM's forget gate, and nothing else."""
    return hit.formula.id == "lstm.correct" and all(
        role.scale == 1.0 and (role.shift == 0.0 or name == "f") for name, role in hit.layout.roles.items()
    )
