"""Proposes which sums of a cell are which role."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from reference.recognition.clusters import Pieces

MAX_CANDIDATES = 4000
"""Assignments of pieces to roles that are tried for one cell at most; a cell of as many sums as roles has 576."""

MISSING = -1
"""Index of a half that is not there: zeros."""
DUMMY = -2
"""Index of a role that nothing feeds: its value must not matter."""

Unit = tuple[int, int]
"""(input half, state half) of one role."""
Units = tuple[Unit, ...]
"""Of all roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignments:
    """Ways to give pieces to roles."""

    units: tuple[Units, ...] = ()
    complete: bool = True
    """False if there are more than `MAX_CANDIDATES`."""


def assignments(pieces: Pieces, roles: int) -> Assignments:
    """Every way to give the pieces to `roles` roles, the rest being dummies; none if there are too many pieces."""
    if pieces.units > roles:
        return Assignments()
    return _assignments(pieces.full, pieces.input_only, pieces.state_only, roles)


@lru_cache(maxsize=1024)
def _assignments(full: Units, input_only: tuple[int, ...], state_only: tuple[int, ...], roles: int) -> Assignments:
    padded = (
        (*full, *pairs) + ((DUMMY, DUMMY),) * (roles - len(full) - len(pairs))
        for pairs in _pairings(input_only, state_only, roles - len(full))
    )
    return _capped(order for units in padded for order in itertools.permutations(units))


def _capped(orders: Iterable[Units]) -> Assignments:
    found: dict[Units, None] = {}
    for order in orders:
        if len(found) >= MAX_CANDIDATES and order not in found:
            return Assignments(units=tuple(found), complete=False)
        found[order] = None
    return Assignments(units=tuple(found))


def _pairings(inputs: tuple[int, ...], states: tuple[int, ...], capacity: int) -> Iterator[Units]:
    """Ways to join input parts and state parts that stand alone; as many pairs as possible first."""
    most = min(len(inputs), len(states))
    fewest = max(0, len(inputs) + len(states) - capacity)
    for count in range(most, fewest - 1, -1):
        for chosen in itertools.combinations(inputs, count):
            for partners in itertools.permutations(states, count):
                yield (
                    *zip(chosen, partners, strict=True),
                    *((half, MISSING) for half in inputs if half not in chosen),
                    *((MISSING, half) for half in states if half not in partners),
                )


def shared_assignments(pieces: Pieces, roles: int) -> Assignments:
    """Ways to fill what is missing with halves that serve another role already: one gate with another's weights."""
    if pieces.units > roles or not pieces.inputs or not pieces.states:
        return Assignments()
    return _capped(_shared(pieces, roles))


def _shared(pieces: Pieces, roles: int) -> Iterator[Units]:
    for pairs in _pairings(pieces.input_only, pieces.state_only, roles - len(pieces.full)):
        units = (*pieces.full, *pairs)
        padded = units + ((MISSING, MISSING),) * (roles - len(units))
        if not 0 < sum(half == MISSING for unit in padded for half in unit) <= 2:
            continue
        choices = [
            itertools.product(
                range(len(pieces.inputs)) if unit[0] == MISSING else (unit[0],),
                range(len(pieces.states)) if unit[1] == MISSING else (unit[1],),
            )
            for unit in padded
        ]
        for filled in itertools.product(*choices):
            yield from itertools.permutations(filled)
