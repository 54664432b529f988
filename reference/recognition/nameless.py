"""What is said about a cell that no formula reproduces: wrong for certain, or something that a person has to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reference.recognition.assignments import Assignments
from reference.recognition.clusters import Pieces
from reference.recognition.constants import describe_constants, find_constants, only_forget_bias
from reference.recognition.conventions import refused
from reference.recognition.families import Family
from reference.recognition.formulas import accepted_formulas
from reference.recognition.hits import Hit
from reference.recognition.observation import CellObservation
from reference.recognition.outside import joined_by_constants, outside_numbers
from reference.recognition.verdicts import Status

LARGEST_SIZE = 8
"""Hidden size up to which hidden constants are searched; a larger cell without a name goes to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless:
    """What is said."""

    status: Status
    mistakes: tuple[str, ...] = ()
    convention: str = ""
    notes: tuple[str, ...] = ()
    hit: Hit | None = None
    """A formula that reproduces the outputs but for constants; its derivatives are still to be compared."""


def nameless(
    family: Family, pieces: Pieces, ways: Assignments, seen: CellObservation, policy: Mapping[str, str]
) -> Nameless:
    """Judge a cell that no known formula reproduces."""
    odd = _odd(family, pieces, ways, seen)
    if odd:
        return Nameless(status="unrecognised", notes=tuple(odd))
    if seen.hidden_size > LARGEST_SIZE:
        return Nameless(status="unrecognised", notes=("no known formula fits, at sizes too large for a closer look",))
    found = find_constants(family, accepted_formulas(family), pieces, ways.units, seen)
    if found is None:
        return Nameless(status="unnamed")
    if found.hit is None:
        return Nameless(
            status="unrecognised",
            notes=("right but for constants: numbers that are not parameters are part of its sums",),
        )
    return _with_constants(found.hit, policy)


def _odd(family: Family, pieces: Pieces, ways: Assignments, seen: CellObservation) -> list[str]:
    """Why the cell cannot be called wrong for certain, though no formula fits; empty if it can."""
    roles = len(family.roles)
    if not pieces.blocks and not pieces.odd:
        return ["the outputs depend on no registered parameter"]
    notes = outside_numbers(pieces, seen)
    loose = [block.ref.parameter for block in pieces.loose]
    notes += [
        f"parameter {name} enters in a way that is not known" for name in dict.fromkeys([*pieces.unexplained, *loose])
    ]
    if pieces.units > roles:
        notes.append(f"{pieces.units} separate sums were found; {roles} are expected")
    elif len(pieces.full) + len(pieces.input_only) != roles:
        notes.append(f"{len(pieces.full) + len(pieces.input_only)} sums read the input; {roles} are expected to")
    if joined_by_constants(pieces.clusters, seen.tolerances.same):
        notes.append("two sums differ by constant factors only")
    if not ways.complete:
        notes.append("the sums can be told apart in too many ways")
    return notes


def _with_constants(hit: Hit, policy: Mapping[str, str]) -> Nameless:
    """The constant in the forget gate is usual; others need a person."""
    phrases = describe_constants(hit)
    if not only_forget_bias(hit):
        return Nameless(
            status="unrecognised", notes=tuple(f"right but for a constant: {phrase}" for phrase in phrases), hit=hit
        )
    against = refused("lstm.forget_bias_plus1", policy)
    return Nameless(
        status="mistake" if against else "equivalent",
        mistakes=("lstm.forget_bias_plus1",) if against else (),
        convention="; ".join(phrases),
        hit=hit,
    )
