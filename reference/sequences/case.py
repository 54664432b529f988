"""What can be made of the parameters of a model: formulas, loops and assignments that give all its states."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reference.cells import Role
from reference.recognition.assignments import Units, assignments
from reference.recognition.clusters import Pieces
from reference.recognition.hits import Formula, Hit
from reference.recognition.layout import BlockRef, CellLayout, Sizes, instantiate
from reference.recognition.search import stack_roles
from reference.sequences.cutting import Sequels, cut_sequence, with_vectors
from reference.sequences.evidence import SequenceEvidence
from reference.sequences.families import SequenceFamily, SequenceFormula
from reference.sequences.loops import LOOPS, Loop, Made, last
from reference.sequences.named_vectors import named_vectors, whole_vector
from reference.sequences.readout import Seen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SequenceHit:
    """A formula in a loop, with the parameters that it takes, that gives all states."""

    formula: SequenceFormula
    loop: str
    """Name of the deviation; empty for the straight loop."""
    layout: CellLayout
    missing: tuple[tuple[str, str], ...]
    vectors: Mapping[str, BlockRef | Tensor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
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
        cls,
        family: SequenceFamily,
        seen: SequenceEvidence,
        runs: Sequence[Seen],
        policy: Mapping[str, str],
        *,
        turned: bool = False,
    ) -> Case:
        vectors: Mapping[str, BlockRef | Tensor] = {}
        notes: tuple[str, ...] = ()
        if family.known_by_name:
            vectors, notes = named_vectors(family, seen)
        taken = frozenset(value.parameter for value in vectors.values() if isinstance(value, BlockRef))
        cut = cut_sequence(seen, runs, taken, turned=turned)
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

    def hits(self, formulas: Sequence[SequenceFormula], loops: Mapping[str, Loop]) -> list[SequenceHit]:
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

    def _hit(
        self, formula: SequenceFormula, loop: str, units: Units, way: Mapping[str, BlockRef | Tensor]
    ) -> SequenceHit:
        hit = Hit.of(self.family.cell, Formula(id=formula.id, step=_no_step), self.pieces, units)
        fed = {
            (name, source)
            for name in self.family.cell.roles
            for source, half in zip(("x", "h"), hit.halves(name), strict=True)
            if half is not None and (half.weights or source == "h")
        }
        missing = tuple(sorted(formula.parts - fed))
        return SequenceHit(formula=formula, loop=loop, layout=hit.layout, missing=missing, vectors=way)

    def _everywhere(self, loop: Loop, hit: SequenceHit) -> bool:
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

    def _replayed(self, loop: Loop, hit: SequenceHit, parameters: Mapping[str, Tensor], run: Seen) -> Tensor:
        sizes = Sizes(input=self.seen.input_size, hidden=self.seen.hidden_size)
        roles = instantiate(hit.layout, parameters, sizes)
        vectors = {
            name: value.take(parameters, self.seen.hidden_size)[:, 0] if isinstance(value, BlockRef) else value
            for name, value in hit.vectors.items()
        }
        return loop(self._made(hit.formula, roles, vectors, torch.from_numpy(run.x)))

    def agrees(self, hit: SequenceHit, *, detached: bool = False) -> bool:
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
