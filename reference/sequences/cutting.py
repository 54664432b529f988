"""Cuts raw parameters into the maps of a cell by what their derivatives say over the first steps from a zero state.

After one step only what reads the input has an effect, and that of each unit on itself alone. After two steps the maps
of the state have one, too: they have multiplied one state, the same for all of them. Rows belong to units, whatever
their order; a row of the input's map acts as the input does, and is nothing where the input is nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reference.recognition.blocks import Block
from reference.recognition.clusters import Half, Pieces
from reference.recognition.layout import BlockRef, as_matrix
from reference.recognition.readings import Reading, readings
from reference.sequences.evidence import Array, SequenceEvidence, Tolerances
from reference.sequences.readout import Seen

LATE = -1
"""Stage of a block that no early run explains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A run in which something acts for the first time."""

    run: Seen
    floor: float
    """Derivatives up to here count as none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequels:
    """The parameters of a cell, cut, and those that are something else."""

    pieces: Pieces
    vectors: tuple[BlockRef, ...]
    """One number for each unit, fed to no sum of which the input's map is known."""
    unused: tuple[str, ...]
    odd: tuple[str, ...]
    """Parameters with an effect that is no map of input or state."""
    late: tuple[str, ...]
    """Parameters of which a part acts through other units only."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """One block with an effect."""

    block: Block
    stage: int
    trace: Array
    """(B, n): the derivative of each unit by its own row's sum, where the source was not zero; else NaN."""
    plain: Array | None = None
    """(B, n): the same if it is a bias after all, for one column that is taken for a map of the input."""

    @property
    def late(self) -> bool:
        """True if it acts through other units only, so that next to nothing is known about it."""
        return self.stage == LATE


def cut_sequence(
    seen: SequenceEvidence, runs: Sequence[Seen], passed_over: frozenset[str] = frozenset(), *, turned: bool = False
) -> Sequels:
    """Cut every parameter but those of the last layer and those passed over.

    Args:
        seen: the evidence.
        runs: with the states that the last layer reads.
        passed_over: names of what is no part of a sum.
        turned: True to take a map of the state the other way round, where both ways explain what little is seen of it.
    """
    names = [name for name in runs[0].jacobian or {} if name not in passed_over]
    stages = [_stage(run, names, seen.tolerances) for run in runs if run.jacobian is not None]
    found: list[_Found] = []
    unused: list[str] = []
    odd: list[str] = []
    for name in names:
        if all(_largest(stage.run, name) <= stage.floor for stage in stages):
            unused.append(name)
            continue
        blocks = _best(name, seen, stages, turned=turned)
        if blocks is None:
            odd.append(name)
        else:
            found.extend(blocks)
    return _joined(found, seen, tuple(unused), tuple(odd))


def _stage(run: Seen, names: Sequence[str], tolerances: Tolerances) -> Stage:
    return Stage(run=run, floor=tolerances.dead * max([_largest(run, name) for name in names], default=0.0) + 1e-30)


def _largest(run: Seen, name: str) -> float:
    return float(np.abs((run.jacobian or {})[name]).max(initial=0))


def _best(name: str, seen: SequenceEvidence, stages: Sequence[Stage], *, turned: bool) -> list[_Found] | None:
    """The blocks of the reading that explains most, the first of those that explain everything."""
    value = seen.parameters[name]
    matrices, columns = readings(value.shape, seen.input_size, seen.hidden_size, has_cell_state=False)
    best: list[_Found] | None = None
    for reading in (*matrices, *columns):
        blocks = list(_read(name, reading, seen, stages, turned=turned))
        late = sum(block.late for block in blocks)
        if blocks and (best is None or late < sum(block.late for block in best)):
            best = blocks
        if best is not None and not any(block.late for block in best):
            break
    return best


def _read(
    name: str, reading: Reading, seen: SequenceEvidence, stages: Sequence[Stage], *, turned: bool
) -> Iterator[_Found]:
    """The blocks of a parameter that have an effect."""
    n = seen.hidden_size
    weight = as_matrix(seen.parameters[name], reading.view)
    matrices = [as_matrix((stage.run.jacobian or {})[name], reading.view, leading=2) for stage in stages]
    start = 0
    for segment, source in enumerate(reading.segments):
        width = {"x": seen.input_size, "1": 1}.get(source, n)
        for gate in range(reading.gates):
            ref = reading.ref(name, gate, segment)
            rows, columns = ref.rows(n), slice(start, start + width)
            cut = [matrix[:, :, rows, columns] for matrix in matrices]
            alive = [place for place, part in enumerate(cut) if np.abs(part).max(initial=0) > stages[place].floor]
            if alive:
                found = _explained(
                    ref, source, weight[rows, columns], cut, alive[0], stages, seen.tolerances, turned=turned
                )
                late = _late(ref, source, weight[rows, columns], cut[alive[0]], stages[alive[0]].run, seen.tolerances)
                yield late if found is None else found
        start += width


def _late(ref: BlockRef, source: str, weight: Array, part: Array, run: Seen, tolerances: Tolerances) -> _Found:
    """A block that acts through other units only, as an output gate does where the last layer reads the cell."""
    whole = part.reshape(part.shape[0], -1, part.shape[3])
    of_input = source == "x" and _fed_with_input(whole, run.x, tolerances) is not None
    kind = "h" if source == "h" else "x" if of_input else "1"
    block = Block(ref=ref, source=kind, weight=weight, jacobian=part, gain=None)  # type: ignore[arg-type]
    return _Found(block=block, stage=LATE, trace=np.zeros(part.shape[:2]))


def _explained(
    ref: BlockRef,
    source: str,
    weight: Array,
    cut: Sequence[Array],
    stage: int,
    stages: Sequence[Stage],
    tolerances: Tolerances,
    *,
    turned: bool,
) -> _Found | None:
    part, run = cut[stage], stages[stage].run
    if source == "h":
        if stage == 0:
            return None  # the state before the first step is zero
        for about in (turned, not turned):
            own = _own(part.swapaxes(2, 3) if about else part, tolerances)
            if own is not None and _one_source(own, tolerances):
                jacobian = part.swapaxes(2, 3) if about else part
                block = Block(
                    ref=ref.turned_about() if about else ref,
                    source="h",
                    weight=weight.T if about else weight,
                    jacobian=jacobian,
                    gain=None,
                )
                return _Found(block=block, stage=stage, trace=np.linalg.norm(own, axis=2))
        return None
    own = _own(part, tolerances)
    if own is None:
        return None
    trace = _fed_with_input(own, run.x, tolerances) if source == "x" else _fed_with_one(own, run.x, tolerances)
    if trace is None:
        return None
    kind = "x" if source == "x" else "1"
    return _Found(
        block=Block(ref=ref, source=kind, weight=weight, jacobian=part, gain=None),  # type: ignore[arg-type]
        stage=stage,
        trace=trace,
        plain=own[:, :, 0] if source == "x" and own.shape[2] == 1 else None,
    )


def _own(part: Array, tolerances: Tolerances) -> Array | None:
    """(B, n, columns): what each unit's row does to that unit; None if rows act on other units."""
    own = np.einsum("brrc->brc", part)
    rest = float(np.abs(part).sum() - np.abs(own).sum())
    return own if rest <= tolerances.fit * float(np.abs(part).sum()) else None


def _one_source(own: Array, tolerances: Tolerances) -> bool:
    """True if in each sample all rows have multiplied one vector."""
    singular = np.linalg.svd(own, compute_uv=False)  # (B, min(n, columns))
    return bool((singular[:, 1:].max(initial=0) <= tolerances.fit * singular[:, 0].max()).all())


def _fed_with_input(own: Array, x: Array, tolerances: Tolerances) -> Array | None:
    """The derivative by the sum, if the input at some step is what the rows multiply."""
    for step in range(x.shape[1]):
        source = x[:, step]
        size = np.square(source).sum(1)
        gain = np.einsum("brc,bc->br", own, source) / np.maximum(size, 1e-300)[:, None]
        gain[size == 0] = 0.0
        if float(np.abs(own - gain[:, :, None] * source[:, None, :]).max()) <= tolerances.fit * np.abs(own).max():
            trace: Array = np.where(size[:, None] == 0, np.nan, gain)
            return trace
    return None


def _fed_with_one(own: Array, x: Array, tolerances: Tolerances) -> Array | None:
    """The derivative by the sum; None if it is nothing wherever the input is, so that it is a map of the input."""
    if x.shape[2] == 1 and _fed_with_input(own, x, tolerances) is not None:
        return None
    first: Array = own[:, :, 0]
    return first


def _joined(found: Sequence[_Found], seen: SequenceEvidence, unused: tuple[str, ...], odd: tuple[str, ...]) -> Sequels:
    """Biases joined to the maps of the input that feed the same sum."""
    d, n = seen.input_size, seen.hidden_size
    found = [_told_apart(one, found, seen.tolerances) for one in found]
    sums: list[list[_Found]] = []
    for one in found:
        if one.block.source == "x":
            place = next((group for group in sums if _alike(group[0], one, seen.tolerances)), None)
            if place is None:
                sums.append([one])
            else:
                place.append(one)
    vectors: list[_Found] = []
    for one in found:
        if one.block.source == "1":
            place = next((group for group in sums if _alike(group[0], one, seen.tolerances)), None)
            (vectors if place is None else place).append(one)
    states = [one for one in found if one.block.source == "h"]
    turned = [one.block.ref.turned for one in states if not one.late]
    if turned and all(turned):
        states = [replace(one, block=one.block.turned()) if one.late else one for one in states]
    inputs = [_half(group, (n, d)) for group in sums]
    blocks = tuple(one.block for one in found)
    return Sequels(
        pieces=Pieces(
            inputs=tuple(inputs),
            states=tuple(_half([one], (n, n)) for one in states),
            full=(),
            input_only=tuple(range(len(inputs))),
            state_only=tuple(range(len(states))),
            blocks=blocks,
            loose=(),
            clusters=(),
            odd=odd,
            unexplained=odd,
        ),
        vectors=tuple(one.block.ref for one in vectors),
        unused=unused,
        odd=odd,
        late=tuple(dict.fromkeys(one.block.ref.parameter for one in found if one.late)),
    )


def _told_apart(one: _Found, found: Sequence[_Found], tolerances: Tolerances) -> _Found:
    """A bias that looks like a map of the input, since every unit is shut where the input is zero: as a bias.

    It is one if it then feeds the same sum as another map of the input; two such maps do not.
    """
    if one.plain is None or one.block.source != "x":
        return one
    bias = replace(one, block=replace(one.block, source="1"), trace=one.plain)
    others = [other for other in found if other is not one and other.block.source == "x"]
    if any(_alike(bias, other, tolerances) and not _alike(one, other, tolerances) for other in others):
        return bias
    return one


def _alike(one: _Found, other: _Found, tolerances: Tolerances) -> bool:
    """True if both feed the same sum."""
    if one.stage != other.stage:
        return False
    known = np.isfinite(one.trace) & np.isfinite(other.trace)
    a, b = one.trace[known], other.trace[known]
    return float(np.abs(a - b).max(initial=0)) <= tolerances.fit * float(
        np.abs(a).max(initial=0) + np.abs(b).max(initial=0)
    )


def _half(group: Sequence[_Found], shape: tuple[int, int]) -> Half:
    weights = [one.block for one in group if one.block.source != "1"]
    biases = [one.block for one in group if one.block.source == "1"]
    return Half(
        weight=sum((block.weight for block in weights), start=np.zeros(shape)),
        bias=sum((block.weight[:, 0] for block in biases), start=np.zeros(shape[0])),
        weights=tuple(weights),
        biases=tuple(biases),
        gain=max(float(np.nan_to_num(np.abs(one.trace)).max(initial=0)) for one in group),
    )


def with_vectors(cut: Sequels, d: int, n: int) -> Pieces:
    """The pieces with every lone vector as a sum that reads neither input nor state."""
    pieces = cut.pieces
    lone = [_vector_half(ref, (n, d), pieces) for ref in cut.vectors]
    inputs = (*pieces.inputs, *lone)
    return Pieces(
        inputs=inputs,
        states=pieces.states,
        full=(),
        input_only=tuple(range(len(inputs))),
        state_only=pieces.state_only,
        blocks=pieces.blocks,
        loose=(),
        clusters=(),
        odd=pieces.odd,
        unexplained=pieces.unexplained,
    )


def _vector_half(ref: BlockRef, shape: tuple[int, int], pieces: Pieces) -> Half:
    """A half that is a bias alone."""
    block = next(block for block in pieces.blocks if block.ref == ref)
    return Half(
        weight=np.zeros(shape),
        bias=block.weight[:, 0],
        weights=(),
        biases=(block,),
        gain=float(np.abs(block.jacobian).max()),
    )
