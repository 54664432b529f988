"""The formulas that are searched for a family, each in the conventions in which it can be written."""

from __future__ import annotations

from functools import cache

import torch

from reference.cells.roles import Role, StepInputs
from reference.mistakes import cell_mistakes
from reference.recognition.families import Family
from reference.recognition.hits import Formula, parts_read


@cache
def accepted_formulas(family: Family) -> tuple[Formula, ...]:
    """The right ones, the plain one in front."""
    steps = {entry.mistake.id: entry.step for entry in cell_mistakes(family.prefix)}
    return tuple(Formula(id=name, step=steps[name]) for name in family.accepted)


@cache
def named_formulas(family: Family) -> tuple[Formula, ...]:
    """All others that have a name, first as they are defined, then in other conventions that make a difference."""
    plain = [
        Formula(id=entry.mistake.id, step=entry.step)
        for entry in cell_mistakes(family.prefix)
        if entry.searched and entry.mistake.id != family.right_here
    ]
    ways: list[tuple[bool, str | None]] = [(True, None)]
    if family.negatable is not None:
        ways += [(False, family.negatable), (True, family.negatable)]
    return (
        *plain,
        *(
            Formula(id=one.id, step=one.step, gate_first=first, negated=negated)
            for first, negated in ways
            for one in plain
            if not (first and _same_either_way(family, one))
            and not (negated is not None and not _reads(family, one, negated))
        ),
    )


def _reads(family: Family, formula: Formula, role: str) -> bool:
    return any(name == role for name, _ in parts_read(family, formula))


def _same_either_way(family: Family, formula: Formula) -> bool:
    """True if it makes no difference whether a gate multiplies before or after the map of the state."""
    points = [torch.sin(torch.arange(8.0, dtype=torch.float64) * (0.7 + k)).reshape(4, 2) for k in range(3)]
    weights = [torch.cos(torch.arange(4.0, dtype=torch.float64) * (0.4 + k)).reshape(2, 2) for k in range(8)]
    roles = {
        name: Role(W_x=weights[place], W_h=weights[place + 4], b_x=weights[place][0], b_h=weights[place][1])
        for place, name in enumerate(family.roles)
    }
    one, other = (
        formula.step(
            StepInputs(
                x=points[0], h=points[1], c=points[2], roles=roles, activation=family.activation, gate_first=first
            )
        )
        for first in (False, True)
    )
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
