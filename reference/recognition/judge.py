"""Judges one cell from its evidence: cut, cluster, search, compare derivatives, and say what was found.

A cell is never called exact unless outputs, parameter derivatives, and derivatives with respect to input and state all
agree, and every role of its formula is fed by both input and state. It is never called wrong for certain where the
evidence leaves room for a right cell: then it is "unrecognised", and a person reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from reference.mistakes import all_mistakes
from reference.recognition.assignments import Assignments, assignments, shared_assignments
from reference.recognition.blocks import Cut, cut_parameters
from reference.recognition.clusters import Pieces, pieces_of
from reference.recognition.conventions import CONVENTIONS, refused, written
from reference.recognition.derivatives import Agreement, compare_derivatives, samples_mixed
from reference.recognition.families import FAMILIES, Family
from reference.recognition.formulas import accepted_formulas, named_formulas
from reference.recognition.hits import Hit
from reference.recognition.nameless import nameless
from reference.recognition.observation import CellObservation, ObservationError, read_observation
from reference.recognition.readings import Doubt
from reference.recognition.search import Found, search
from reference.recognition.verdicts import CellVerdict, Status, nearest

MAX_COMPARED = 24
"""Hits whose derivatives are compared at most."""


def recognise(family_name: str, raw: Mapping[str, Any], policy: Mapping[str, str]) -> CellVerdict:
    """Judge one cell.

    Raises:
        ValueError: if the family is unknown.
    """
    if family_name not in FAMILIES:
        raise ValueError(f"family must be one of {', '.join(FAMILIES)}; found {family_name!r}")
    family = FAMILIES[family_name]
    try:
        seen = read_observation(family, raw)
    except ObservationError as error:
        return CellVerdict(status="unrecognised", notes=(f"{error}",))
    except KeyError as error:
        return CellVerdict(status="unrecognised", notes=(f"the evidence lacks {error}",))
    with np.errstate(all="ignore"):  # evidence may hold numbers of any size; what overflows agrees with nothing
        return _judge(family, seen, policy)


def _judge(family: Family, seen: CellObservation, policy: Mapping[str, str]) -> CellVerdict:
    if not seen.steady:
        return CellVerdict(status="mistake", mistakes=("cell.stateful",))
    if samples_mixed(seen):
        return CellVerdict(status="mistake", mistakes=("cell.samples_mixed",))
    cases = _cases(family, seen, policy)
    likely = next(cases)
    for case in itertools.chain([likely], cases):
        verdict = case.known()
        if verdict is not None:
            return verdict
    return likely.unknown()


def _cases(family: Family, seen: CellObservation, policy: Mapping[str, str]) -> Iterator[_Case]:
    """The ways to cut the parameters: the likely one, then the others that derivatives do not rule out."""
    tried: list[tuple[object, ...]] = []
    doubts: tuple[Doubt, ...] = ("usual", "maps", "tables")
    for doubt, interleaved_first in itertools.product(doubts, (False, True)):
        cut = cut_parameters(seen, interleaved_first=interleaved_first, doubt=doubt)
        for pieces in pieces_of(cut, seen):
            refs = tuple(block.ref for block in pieces.blocks)
            if refs not in tried:
                tried.append(refs)
                yield _Case(family=family, seen=seen, cut=cut, pieces=pieces, policy=policy)


@dataclass(kw_only=True)
class _Case:
    """One way to cut the parameters of a cell, and what came of it."""

    family: Family
    seen: CellObservation
    cut: Cut
    pieces: Pieces
    policy: Mapping[str, str]
    distances: dict[str, float] = field(default_factory=dict)
    """Of every formula tried, the smallest distance."""

    @property
    def ways(self) -> Assignments:
        """How the pieces can be roles."""
        return assignments(self.pieces, len(self.family.roles))

    def known(self) -> CellVerdict | None:
        """The verdict, if a formula reproduces the cell."""
        accepted = self._search(accepted=True)
        complete = [hit for hit in accepted.hits if not hit.missing]
        agreeing = next((hit for hit in complete[:MAX_COMPARED] if self._agreement(hit).complete), None)
        if agreeing is not None:
            return self._weak(agreeing) or self._accepted(agreeing)
        others = self._search(accepted=False)
        named = self._named(others.hits)
        if named:
            return self._weak(named[0]) or self._mistake(named)
        if complete:
            return self._weak(complete[0]) or self._wrong_derivatives(complete[0])
        shared = self._shared()
        if shared is not None:
            return shared
        return self._dead(accepted.hits[0]) if accepted.hits else None

    def unknown(self) -> CellVerdict:
        """The verdict where no formula reproduces the cell."""
        found = nameless(self.family, self.pieces, self.ways, self.seen, self.policy)
        if found.hit is not None and not self._agreement(found.hit).complete:
            return self._said("unrecognised", notes=("the outputs agree but for constants, the gradients do not",))
        return self._said(
            found.status, hit=found.hit, mistakes=found.mistakes, convention=found.convention, notes=found.notes
        )

    def _search(self, *, accepted: bool) -> Found:
        formulas = accepted_formulas(self.family) if accepted else named_formulas(self.family)
        found = search(self.family, formulas, self.pieces, self.ways.units, self.seen)
        self.distances |= found.distances
        return found

    def _agreement(self, hit: Hit) -> Agreement:
        return compare_derivatives(hit, self.seen, self.cut.floor)

    def _said(
        self,
        status: Status,
        *,
        hit: Hit | None = None,
        mistakes: tuple[str, ...] = (),
        convention: str = "",
        notes: Sequence[str] = (),
    ) -> CellVerdict:
        return CellVerdict(
            status=status,
            mistakes=mistakes,
            convention=convention,
            notes=(*notes, *(f"parameter {name} has no effect" for name in self.cut.unused)),
            formula=hit.formula.id if hit is not None else None,
            layout=hit.layout if hit is not None else None,
            nearest=nearest(self.distances),
        )

    def _weak(self, hit: Hit) -> CellVerdict | None:
        """Not recognised, if the point says next to nothing about a sum, so that other formulas would do as well."""
        if hit.weakest >= self.seen.tolerances.weak:
            return None
        return self._said(
            "unrecognised", notes=("a gate is saturated at every point that was tried, so that formulas look alike",)
        )

    def _accepted(self, hit: Hit) -> CellVerdict:
        name = hit.formula.id
        against = refused(name, self.policy)
        status: Status = "exact" if name == self.family.plain else "equivalent"
        return self._said(
            "mistake" if against else status,
            hit=hit,
            mistakes=(name,) if against else (),
            convention=CONVENTIONS.get(name, ""),
        )

    def _named(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits to name, one for each identifier: those that read nothing missing and agree in derivatives."""
        complete = [hit for hit in hits if not hit.missing]
        agreeing = [hit for hit in complete[:MAX_COMPARED] if self._agreement(hit).complete]
        best = [hit for hit in agreeing if hit.formula.default] or agreeing
        if not best:
            # A gradient that is cut off shows in derivatives only; other names would then be guesses.
            best = [hit for hit in complete if _tells_more(hit.formula.id)]
        return list({hit.formula.id: hit for hit in reversed(best)}.values())

    def _mistake(self, hits: Sequence[Hit]) -> CellVerdict:
        names = tuple(sorted(hit.formula.id for hit in hits))
        status: Status = "mistake" if len(names) == 1 else "ambiguous"
        harmless = [name for name in names if all_mistakes()[name].effect == "equivalent"]
        if harmless and not any(refused(name, self.policy) for name in harmless):
            status, names = "equivalent", ()
        return self._said(
            status,
            hit=hits[0] if len(hits) == 1 else None,
            mistakes=names,
            convention="; ".join(all_mistakes()[name].title for name in harmless) or written(hits[0].formula),
        )

    def _wrong_derivatives(self, hit: Hit) -> CellVerdict:
        agreement = self._agreement(hit)
        named = agreement.parameters and not agreement.state
        return self._said(
            "mistake" if named else "unnamed",
            mistakes=(f"{self.family.prefix}.detached_state",) if named else (),
            notes=("the outputs agree, the gradients do not",),
        )

    def _shared(self) -> CellVerdict | None:
        ways = shared_assignments(self.pieces, len(self.family.roles))
        found = search(self.family, accepted_formulas(self.family), self.pieces, ways.units, self.seen)
        hit = next((hit for hit in found.hits[:MAX_COMPARED] if self._agreement(hit).complete), None)
        if hit is None:
            return None
        return self._weak(hit) or self._said("mistake", hit=hit, mistakes=("cell.shared_weights",))

    def _dead(self, hit: Hit) -> CellVerdict:
        """An accepted formula in which a role is not fed by everything that it should read."""
        sources = "".join(sorted({source for _, source in hit.missing}))
        ignored = ", ".join(f"{role} ignores {source}" for role, source in sorted(hit.missing))
        return self._weak(hit) or self._said(
            "mistake", hit=hit, mistakes=(f"cell.dead_block_{sources}",), notes=(ignored,)
        )


def _tells_more(name: str) -> bool:
    """True if the name says more than that derivatives differ."""
    return all_mistakes()[name].effect == "wrong" and not name.endswith("detached_state")
