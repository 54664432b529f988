"""Judges a model that keeps its cell inside: which step it makes, in which loop, and what its last layer reads.

As with cells that stand alone, nothing is called right unless outputs of all runs and all derivatives agree, and
nothing is called wrong that has no name: what no formula explains is "unrecognised", and a person reads it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reference.cells import Role
from reference.mistakes import all_mistakes
from reference.recognition.assignments import Units, assignments
from reference.recognition.clusters import Pieces
from reference.recognition.conventions import refused
from reference.recognition.hits import Formula, Hit
from reference.recognition.layout import BlockRef, CellLayout, Sizes, instantiate
from reference.recognition.search import stack_roles
from reference.recognition.verdicts import CellVerdict, Status
from reference.sequences.cutting import Sequels, cut_sequence, with_vectors
from reference.sequences.evidence import Run, SequenceEvidence, SequenceEvidenceError, read_sequence_evidence
from reference.sequences.families import SEQUENCES, SequenceFamily, SequenceFormula
from reference.sequences.loops import LOOPS, READS_ONE_STEP, Loop, Made, last
from reference.sequences.named_vectors import named_vectors, whole_vector
from reference.sequences.readout import NoReadoutError, Readout, Seen, read_out

MAX_NAMED = 3
"""Names among which an ambiguous verdict says that the mistake is."""

LINKS = {"softmax": "model.softmax_applied", "log softmax": "model.log_softmax_applied"}


def recognise_sequence(family_name: str, raw: Mapping[str, Any], policy: Mapping[str, str]) -> CellVerdict:
    """Judge one model.

    Raises:
        ValueError: if the family is unknown.
    """
    if family_name not in SEQUENCES:
        raise ValueError(f"family must be one of {', '.join(SEQUENCES)}; found {family_name!r}")
    with np.errstate(all="ignore"):
        try:
            seen = read_sequence_evidence(raw)
            verdict = _judge(SEQUENCES[family_name], seen, policy)
        except (SequenceEvidenceError, NoReadoutError) as error:
            return CellVerdict(status="unrecognised", notes=(f"{error}",))
        except KeyError as error:
            return CellVerdict(status="unrecognised", notes=(f"the evidence lacks {error}",))
    return _with(verdict, "model.state_not_reset") if _keeps_state(seen) else verdict


def _keeps_state(seen: SequenceEvidence) -> bool:
    return any(_changed(run, seen.tolerances.value) for run in seen.runs)


def _changed(run: Run, tolerance: float) -> bool:
    if run.repeated is None or run.repeated.shape != run.outputs.shape:
        return False
    return float(np.abs(run.repeated - run.outputs).max()) > tolerance * max(1.0, float(np.abs(run.outputs).max()))


def _with(verdict: CellVerdict, name: str) -> CellVerdict:
    """The verdict with one more mistake; what a person has to read stays with a person."""
    if verdict.status in ("unrecognised", "ambiguous"):
        return replace(verdict, notes=(*verdict.notes, all_mistakes()[name].title))
    return replace(verdict, status="mistake", mistakes=(*verdict.mistakes, name))


def _judge(family: SequenceFamily, seen: SequenceEvidence, policy: Mapping[str, str]) -> CellVerdict:
    readout = read_out(seen)
    verdict = _in_the_loop(family, seen, readout, policy)
    return _with(verdict, LINKS[readout.link]) if readout.link in LINKS else verdict


def _in_the_loop(
    family: SequenceFamily, seen: SequenceEvidence, readout: Readout, policy: Mapping[str, str]
) -> CellVerdict:
    runs = readout.runs
    verdict = _Case.of(family, seen, runs, policy).verdict()
    if verdict.status == "unrecognised" and _nothing_at_first(runs[0], seen):
        for name, kept in (("model.skips_last_step", slice(None, -1)), ("model.skips_first_step", slice(1, None))):
            shorter = [replace(run, x=run.x[:, kept]) for run in runs[1:]]
            found = _Case.of(family, seen, shorter, policy).verdict()
            if found.status in ("exact", "equivalent"):
                return _with(found, name)
    return verdict


def _nothing_at_first(run: Seen, seen: SequenceEvidence) -> bool:
    """True if a run of one step gives what no step would give."""
    return run.steps == 1 and float(np.abs(run.state).max()) <= seen.tolerances.value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Hit:
    """A formula in a loop, with the parameters that it takes, that gives all states."""

    formula: SequenceFormula
    loop: str
    """Name of the deviation; empty for the straight loop."""
    layout: CellLayout
    missing: tuple[tuple[str, str], ...]
    vectors: Mapping[str, BlockRef | Tensor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """One way to cut the parameters, and what can be made of the pieces."""

    family: SequenceFamily
    seen: SequenceEvidence
    runs: Sequence[Seen]
    policy: Mapping[str, str]
    cut: Sequels
    pieces: Pieces
    ways: Sequence[Mapping[str, BlockRef | Tensor]]
    """The vectors of the family, by name."""
    units: Sequence[Units]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, family: SequenceFamily, seen: SequenceEvidence, runs: Sequence[Seen], policy: Mapping[str, str]
    ) -> _Case:
        vectors: Mapping[str, BlockRef | Tensor] = {}
        notes: tuple[str, ...] = ()
        if family.known_by_name:
            vectors, notes = named_vectors(family, seen)
        taken = frozenset(value.parameter for value in vectors.values() if isinstance(value, BlockRef))
        cut = cut_sequence(seen, runs, taken)
        pieces, ways = cut.pieces, [vectors]
        if family.vectors and not family.known_by_name:
            ways = list(_orders(family, seen, cut))
            if not ways:
                notes = (*notes, f"{len(cut.vectors)} vectors were found that are no biases; three are expected")
        elif cut.vectors:
            pieces = with_vectors(cut, seen.input_size, seen.hidden_size)
        possible = assignments(pieces, len(family.cell.roles))
        notes = (*notes, *(f"parameter {name} enters in a way that is not known" for name in cut.odd))
        return cls(
            family=family,
            seen=seen,
            runs=runs,
            policy=policy,
            cut=cut,
            pieces=pieces,
            ways=ways,
            units=possible.units,
            notes=notes,
        )

    def verdict(self) -> CellVerdict:
        """What the model does."""
        if self.notes or not self.units:
            return self._said("unrecognised", notes=self.notes)
        formulas = self.family.formulas()
        rights = [formula for formula in formulas if formula.right]
        straight = self._hits(rights, {"": last})
        complete = [hit for hit in straight if not hit.missing]
        agreeing = next((hit for hit in complete if self._agrees(hit)), None)
        if agreeing is not None:
            return self._accepted(agreeing)
        named = self._hits([one for one in formulas if not one.right], {"": last})
        named = [hit for hit in named if not hit.missing and self._agrees(hit)]
        if named:
            return self._named(named)
        looped = [
            hit
            for hit in self._hits(rights[:1] if not self.family.vectors else rights, LOOPS)
            if (not hit.missing or hit.loop in READS_ONE_STEP) and self._agrees(hit)
        ]
        if looped:
            return self._said("mistake", mistakes=tuple(dict.fromkeys(hit.loop for hit in looped))[:1], hit=looped[0])
        if complete:
            return self._cut_off(complete[0])
        if straight:
            sources = "".join(sorted({source for _, source in straight[0].missing}))
            return self._said("mistake", mistakes=(f"cell.dead_block_{sources}",), hit=straight[0])
        late = tuple(f"parameter {name} enters in a way that is not known" for name in self.cut.late)
        return self._said("unrecognised", notes=late)

    def _accepted(self, hit: _Hit) -> CellVerdict:
        name = hit.formula.id
        against = refused(name, self.policy)
        plain = self.family.formulas()[0].id
        return self._said(
            "mistake" if against else "exact" if name == plain and not hit.formula.said else "equivalent",
            mistakes=(name,) if against else (),
            hit=hit,
            convention=hit.formula.said,
        )

    def _named(self, hits: Sequence[_Hit]) -> CellVerdict:
        names = tuple(dict.fromkeys(hit.formula.id for hit in hits))
        harmless = [name for name in names if all_mistakes()[name].effect == "equivalent"]
        if harmless and not any(refused(name, self.policy) for name in harmless):
            return self._said("equivalent", hit=hits[0], convention=all_mistakes()[harmless[0]].title)
        status: Status = "mistake" if len(names) == 1 else "ambiguous"
        return self._said(status, mistakes=names[:MAX_NAMED], hit=hits[0])

    def _cut_off(self, hit: _Hit) -> CellVerdict:
        """The outputs agree and the derivatives do not."""
        if self._agrees(hit, detached=True):
            return self._said("mistake", mistakes=("model.detached_state",), hit=hit)
        return self._said("unrecognised", notes=("the outputs agree, the gradients do not",))

    def _said(
        self,
        status: Status,
        *,
        mistakes: tuple[str, ...] = (),
        hit: _Hit | None = None,
        convention: str = "",
        notes: tuple[str, ...] = (),
    ) -> CellVerdict:
        return CellVerdict(
            status=status,
            mistakes=mistakes,
            convention=convention,
            notes=(*notes, *(f"parameter {name} has no effect" for name in self.cut.unused)),
            formula=hit.formula.id if hit is not None else None,
        )

    # ------------------------------------------------------------------------------------------------ search

    def _hits(self, formulas: Sequence[SequenceFormula], loops: Mapping[str, Loop]) -> list[_Hit]:
        """Every formula, loop and assignment that gives the state of every run."""
        stacked = stack_roles(self.family.cell, self.pieces, self.units, self.seen)
        # Plain ones: what remembers its results would keep every step of every formula alive.
        stacked = {name: Role(W_x=r.W_x, W_h=r.W_h, b_x=r.b_x, b_h=r.b_h) for name, r in stacked.items()}
        shortest = [run for run in self.runs if run.jacobian is not None][1]
        found = []
        for formula, (name, loop), way in itertools.product(formulas, loops.items(), self.ways):
            if not self._may_be(formula, way):
                continue
            vectors = self._vectors(way)
            with torch.no_grad():
                gaps = self._gaps(loop, formula, stacked, vectors, shortest, len(self.units))
            for place in np.flatnonzero(gaps <= self.seen.tolerances.value).tolist():
                hit = self._hit(formula, name, self.units[place], way)
                if self._everywhere(loop, hit):
                    found.append(hit)
        return found

    def _may_be(self, formula: SequenceFormula, way: Mapping[str, BlockRef | Tensor]) -> bool:
        """False for a formula whose vectors the model does not have, so that it would read zeros."""
        if self.family.known_by_name or not way:
            return True
        there = sum(isinstance(value, BlockRef) for value in way.values())
        return there == len(way) or (not formula.right and (there > 0 or formula.id.endswith(".none")))

    def _gaps(
        self,
        loop: Loop,
        formula: SequenceFormula,
        roles: Mapping[str, Any],
        vectors: Mapping[str, Tensor],
        run: Seen,
        count: int,
    ) -> Any:
        x = torch.from_numpy(run.x).expand(count, *run.x.shape).contiguous()
        made = self._made(formula, roles, vectors, x)
        target = torch.from_numpy(run.state)
        gaps = (loop(made) - target).abs().amax(dim=(-1, -2)).reshape(-1).numpy()
        scale = max(1.0, float(np.abs(run.state).max()))
        return np.broadcast_to(np.nan_to_num(gaps / scale, nan=np.inf, posinf=np.inf), count)

    def _made(
        self, formula: SequenceFormula, roles: Mapping[str, Any], vectors: Mapping[str, Tensor], x: Tensor
    ) -> Made:
        zero = x.new_zeros(*x.shape[:-2], self.seen.hidden_size)
        return Made(
            step=formula.step,
            roles=roles,
            vectors=vectors,
            x=x,
            zero=(zero,) * self.family.cell.outputs,
        )

    def _hit(self, formula: SequenceFormula, loop: str, units: Units, way: Mapping[str, BlockRef | Tensor]) -> _Hit:
        hit = Hit.of(self.family.cell, Formula(id=formula.id, step=_no_step), self.pieces, units)
        fed = {
            (name, source)
            for name in self.family.cell.roles
            for source, half in zip(("x", "h"), hit.halves(name), strict=True)
            if half is not None and (half.weights or source == "h")
        }
        missing = tuple(sorted(formula.parts - fed))
        return _Hit(formula=formula, loop=loop, layout=hit.layout, missing=missing, vectors=way)

    def _everywhere(self, loop: Loop, hit: _Hit) -> bool:
        parameters = {name: torch.from_numpy(value) for name, value in self.seen.parameters.items()}
        # A gate that is closed in all early steps hides what acts only later.
        idle = self.family.known_by_name and not hit.formula.right and bool(self.cut.unused)
        with torch.no_grad():
            return all(
                float((self._replayed(loop, hit, parameters, run) - torch.from_numpy(run.state)).abs().max())
                <= self.seen.tolerances.value * max(1.0, float(np.abs(run.state).max()))
                for run in self.runs
                if run.jacobian is not None or not idle
            )

    def _replayed(self, loop: Loop, hit: _Hit, parameters: Mapping[str, Tensor], run: Seen) -> Tensor:
        sizes = Sizes(input=self.seen.input_size, hidden=self.seen.hidden_size)
        roles = instantiate(hit.layout, parameters, sizes)
        vectors = {
            name: value.take(parameters, self.seen.hidden_size)[:, 0] if isinstance(value, BlockRef) else value
            for name, value in hit.vectors.items()
        }
        return loop(self._made(hit.formula, roles, vectors, torch.from_numpy(run.x)))

    def _agrees(self, hit: _Hit, *, detached: bool = False) -> bool:
        """True if the derivatives by every parameter that was differentiated are those of the formula."""
        loop = LOOPS.get(hit.loop, _detached if detached else last)
        leaves = {
            name: torch.from_numpy(value).clone().requires_grad_() for name, value in self.seen.parameters.items()
        }
        for run in self.runs:
            if run.jacobian is None:
                continue
            flat = self._replayed(loop, hit, leaves, run).reshape(-1)
            wanted = [name for name in run.jacobian if name in leaves]
            rows = [
                torch.autograd.grad(one, [leaves[name] for name in wanted], retain_graph=True, allow_unused=True)
                for one in flat
            ]
            if not self._same(run, wanted, rows):
                return False
        return True

    def _same(self, run: Seen, wanted: Sequence[str], rows: Sequence[Sequence[Tensor | None]]) -> bool:
        recorded = run.jacobian or {}
        scale = max(float(np.abs(recorded[name]).max(initial=0)) for name in wanted)
        for place, name in enumerate(wanted):
            like = torch.from_numpy(self.seen.parameters[name])
            column = [row[place] for row in rows]
            expected = torch.stack([torch.zeros_like(like) if one is None else one for one in column])
            found = torch.from_numpy(recorded[name]).reshape(expected.shape)
            fixed = name in self._fixed and not bool(found.any())
            if not fixed and float((expected - found).abs().max()) > self.seen.tolerances.derivative * scale:
                return False
        return True

    @property
    def _fixed(self) -> frozenset[str]:
        """Parameters that need not be learned."""
        return frozenset(value.parameter for way in self.ways for value in way.values() if isinstance(value, BlockRef))

    def _vectors(self, way: Mapping[str, BlockRef | Tensor]) -> dict[str, Tensor]:
        parameters = {name: torch.from_numpy(value) for name, value in self.seen.parameters.items()}
        return {
            name: value.take(parameters, self.seen.hidden_size)[:, 0] if isinstance(value, BlockRef) else value
            for name, value in way.items()
        }


def _no_step(inputs: Any) -> tuple[Tensor, ...]:
    raise NotImplementedError("a sequence has steps of its own")


def _detached(made: Made) -> Tensor:
    return made.states(detach=True)[-1][0]


def _orders(family: SequenceFamily, seen: SequenceEvidence, cut: Sequels) -> Iterator[Mapping[str, BlockRef | Tensor]]:
    """Every way to name the vectors that were found; those without an effect, or that are not there, fill up."""
    n = seen.hidden_size
    idle: list[BlockRef | Tensor] = [whole_vector(name) for name in cut.unused if seen.parameters[name].size == n]
    candidates: list[BlockRef | Tensor] = [*cut.vectors, *idle][: max(len(cut.vectors), len(family.vectors))]
    while len(candidates) < len(family.vectors):
        candidates.append(torch.zeros(n, dtype=torch.float64))
    if len(candidates) == len(family.vectors):
        for order in itertools.permutations(candidates):
            yield dict(zip(family.vectors, order, strict=True))
