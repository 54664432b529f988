"""Judges one cell from its evidence: cut, cluster, search, compare derivatives, and say what was found.

A cell is never called exact unless outputs, parameter derivatives, and derivatives with respect to input and state all
agree, and every role of its formula is fed by both input and state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference.mistakes import all_mistakes, cell_mistakes
from reference.recognition.blocks import Cut, cut_parameters
from reference.recognition.clusters import Pieces, Units, assignments, make_pieces, shared_assignments
from reference.recognition.constants import describe_constants, find_constants, only_forget_bias
from reference.recognition.derivatives import Agreement, compare_derivatives, samples_mixed
from reference.recognition.families import FAMILIES, Family
from reference.recognition.observation import CellObservation, ObservationError, read_observation
from reference.recognition.search import Formula, Found, Hit, search
from reference.recognition.verdicts import CellVerdict, Status, rounded

CONVENTIONS = {
    "gru.correct_after": "",
    "gru.correct_after_conv2": "update gate weights the candidate; reset after the product",
    "gru.correct_before": "update gate weights the old state; reset before the product",
    "gru.correct_before_conv2": "update gate weights the candidate; reset before the product",
}
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
    if not seen.steady:
        return CellVerdict(status="mistake", mistakes=("cell.stateful",))
    if samples_mixed(seen):
        return CellVerdict(status="mistake", mistakes=("cell.samples_mixed",))
    cut = cut_parameters(seen)
    pieces = make_pieces(cut, seen)
    return _Case(family=family, seen=seen, cut=cut, pieces=pieces, policy=policy).verdict()


def _formulas(family: Family, *, accepted: bool) -> list[Formula]:
    entries = cell_mistakes(family.prefix)
    steps = {entry.mistake.id: entry.step for entry in entries}
    if accepted:
        return [Formula(id=name, step=steps[name]) for name in family.accepted]
    others = [entry.mistake.id for entry in entries if entry.searched]
    plain = [Formula(id=name, step=steps[name]) for name in others]
    if family.negatable is None:
        return plain
    ways = [(True, None), (False, family.negatable), (True, family.negatable)]
    return plain + [
        Formula(id=name, step=steps[name], gate_first=first, negated=negated)
        for first, negated in ways
        for name in others
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    family: Family
    seen: CellObservation
    cut: Cut
    pieces: Pieces
    policy: Mapping[str, str]

    def verdict(self) -> CellVerdict:
        units = assignments(self.pieces, len(self.family.roles))
        accepted = search(self.family, _formulas(self.family, accepted=True), self.pieces, units, self.seen)
        complete = [hit for hit in accepted.hits if not hit.missing]
        agreeing = next((hit for hit in complete[:MAX_COMPARED] if self._agreement(hit).complete), None)
        if agreeing is not None:
            return self._accepted(agreeing, accepted)
        others = search(self.family, _formulas(self.family, accepted=False), self.pieces, units, self.seen)
        distances = accepted.distances | others.distances
        named = self._named(others.hits)
        if named is not None:
            return self._mistake(named, distances)
        if complete:
            return self._wrong_derivatives(complete[0], distances)
        if accepted.hits:
            return self._dead(accepted.hits[0], distances)
        return self._nameless(units, distances)

    def _agreement(self, hit: Hit) -> Agreement:
        return compare_derivatives(self.family, hit, self.seen)

    def _notes(self) -> tuple[str, ...]:
        return tuple(f"parameter {name} has no effect" for name in self.cut.unused)

    def _accepted(self, hit: Hit, found: Found) -> CellVerdict:
        name = hit.formula.id
        refused = _refused(name, self.policy)
        status: Status = "exact" if name == self.family.plain else "equivalent"
        return CellVerdict(
            status="mistake" if refused else status,
            mistakes=(name,) if refused else (),
            convention=CONVENTIONS.get(name, ""),
            notes=self._notes(),
            formula=name,
            layout=hit.layout,
            nearest=_nearest(found.distances),
        )

    def _named(self, hits: Sequence[Hit]) -> list[Hit] | None:
        """The hits to name, one for each identifier: those that read nothing missing and agree in derivatives."""
        complete = [hit for hit in hits if not hit.missing]
        if not complete:
            return None
        agreeing = [hit for hit in complete[:MAX_COMPARED] if self._agreement(hit).complete]
        plain = [hit for hit in agreeing if hit.formula.default]
        best = plain or agreeing
        if not best:
            # A gradient that is cut off shows in derivatives only; other names would then be guesses.
            best = [hit for hit in complete if _tells_more(hit.formula.id)]
        return list({hit.formula.id: hit for hit in reversed(best)}.values()) or None

    def _mistake(self, hits: Sequence[Hit], distances: Mapping[str, float]) -> CellVerdict:
        names = tuple(sorted(hit.formula.id for hit in hits))
        hit = hits[0]
        status: Status = "mistake" if len(names) == 1 else "ambiguous"
        harmless = [name for name in names if all_mistakes()[name].effect == "equivalent"]
        if harmless and not any(_refused(name, self.policy) for name in harmless):
            status, names = "equivalent", ()
        return CellVerdict(
            status=status,
            mistakes=names,
            convention="; ".join(all_mistakes()[name].title for name in harmless) or _written(hit.formula),
            notes=self._notes(),
            formula=hit.formula.id if len(hits) == 1 else None,
            layout=hit.layout if len(hits) == 1 else None,
            nearest=_nearest(distances),
        )

    def _wrong_derivatives(self, hit: Hit, distances: Mapping[str, float]) -> CellVerdict:
        agreement = self._agreement(hit)
        cut_off = f"{self.family.prefix}.detached_state"
        named = agreement.parameters and not agreement.state
        return CellVerdict(
            status="mistake" if named else "unnamed",
            mistakes=(cut_off,) if named else (),
            notes=("the outputs agree, the gradients do not", *self._notes()),
            nearest=_nearest(distances),
        )

    def _dead(self, hit: Hit, distances: Mapping[str, float]) -> CellVerdict:
        shared = self._shared(distances)
        if shared is not None:
            return shared
        sources = "".join(sorted({source for _, source in hit.missing}))
        roles = ", ".join(f"{role} ignores {source}" for role, source in sorted(hit.missing))
        return CellVerdict(
            status="mistake",
            mistakes=(f"cell.dead_block_{sources}",),
            notes=(roles, *self._notes()),
            formula=hit.formula.id,
            layout=hit.layout,
            nearest=_nearest(distances),
        )

    def _shared(self, distances: Mapping[str, float]) -> CellVerdict | None:
        units = shared_assignments(self.pieces, len(self.family.roles))
        found = search(self.family, _formulas(self.family, accepted=True), self.pieces, units, self.seen)
        hit = next((hit for hit in found.hits[:MAX_COMPARED] if self._agreement(hit).complete), None)
        if hit is None:
            return None
        return CellVerdict(
            status="mistake",
            mistakes=("cell.shared_weights",),
            notes=self._notes(),
            formula=hit.formula.id,
            layout=hit.layout,
            nearest=_nearest(distances),
        )

    def _constants(self, units: Sequence[Units], distances: Mapping[str, float]) -> CellVerdict | None:
        """An accepted formula with constants of the student's: the forget bias is usual, others need a person."""
        formulas = _formulas(self.family, accepted=True)
        hit = find_constants(self.family, formulas, self.pieces, units, self.seen)
        if hit is None or not self._agreement(hit).complete:
            return None
        phrases = describe_constants(hit)
        usual = only_forget_bias(hit)
        refused = usual and _refused("lstm.forget_bias_plus1", self.policy)
        status: Status = "mistake" if refused else "equivalent" if usual else "unrecognised"
        return CellVerdict(
            status=status,
            mistakes=("lstm.forget_bias_plus1",) if refused else (),
            convention="; ".join(phrases) if usual else "",
            notes=() if usual else tuple(f"right but for a constant: {phrase}" for phrase in phrases),
            formula=hit.formula.id,
            layout=hit.layout,
            nearest=_nearest(distances),
        )

    def _nameless(self, units: Sequence[Units], distances: Mapping[str, float]) -> CellVerdict:
        shared = self._shared(distances)
        if shared is not None:
            return shared
        roles = len(self.family.roles)
        notes = [f"parameter {name} enters in a way that is not known" for name in self.pieces.unexplained]
        if self.pieces.units > roles:
            notes.append(f"{self.pieces.units} separate sums were found; {roles} are expected")
        well_formed = not notes and len(self.pieces.full) + len(self.pieces.input_only) == roles
        constants = self._constants(units, distances) if well_formed else None
        if constants is not None:
            return constants
        return CellVerdict(
            status="unnamed" if well_formed else "unrecognised",
            notes=(*notes, *self._notes()),
            nearest=_nearest(distances),
        )


def _tells_more(name: str) -> bool:
    """True if the name says more than that derivatives differ."""
    return all_mistakes()[name].effect == "wrong" and not name.endswith("detached_state")


def _refused(name: str, policy: Mapping[str, str]) -> bool:
    if name == "lstm.forget_bias_plus1":
        return policy.get("forget_bias", "accept") == "mistake"
    if not name.startswith("gru.correct_"):
        return False
    reset = "before" if "before" in name else "after"
    update = "2" if "conv2" in name else "1"
    return policy.get("gru.reset", "any") not in ("any", reset) or policy.get("gru.update", "any") not in (
        "any",
        update,
    )


def _written(formula: Formula) -> str:
    words = []
    if formula.negated is not None:
        words.append("update gate weights the candidate")
    if formula.gate_first:
        words.append("reset before the product")
    return "; ".join(words)


def _nearest(distances: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    closest = sorted(distances.items(), key=lambda item: (rounded(item[1]), item[0]))[:5]
    return tuple((name, rounded(distance)) for name, distance in closest if distance < float("inf"))
