"""Cuts parameters into blocks by what their derivatives say: which source a block multiplies, where it leads.

A block of rows of one gate that is fed by a source s has the Jacobian G ⊗ s, whatever the cell does with the sum. So s
is found by trying, and G (the derivative with respect to the pre-activation) tells which blocks feed the same sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reference.recognition.layout import BlockRef, Segment, as_matrix
from reference.recognition.observation import Array, CellObservation
from reference.recognition.readings import Doubt, Reading, may_be_table, readings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One block of a parameter that has an effect."""

    ref: BlockRef
    source: Segment
    weight: Array
    """(n, columns)"""
    jacobian: Array
    """(B, K, n, columns)"""
    gain: Array | None
    """G (B, K, n), the derivative with respect to the sum that it feeds; None if no plain source fits."""
    fed_with: Array | None = None
    """(B, columns): what a block is fed with that is fed with a gated source."""

    @property
    def square(self) -> bool:
        """True if the block could as well be applied transposed."""
        rows, columns = self.weight.shape
        return bool(rows == columns)

    def turned(self) -> Block:
        """The same square block, applied the other way round."""
        ref = self.ref.turned_about()
        return Block(ref=ref, source=self.source, weight=self.weight.mT, jacobian=self.jacobian.mT, gain=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """All parameters of a cell, cut."""

    blocks: tuple[Block, ...]
    unused: tuple[str, ...]
    """Parameters without any effect."""
    odd: tuple[str, ...]
    """Parameters with an effect whose shape fits no affine map of the cell."""
    floor: float
    """Derivatives up to here count as none."""


def cut_parameters(seen: CellObservation, *, interleaved_first: bool = False, doubt: Doubt = "usual") -> Cut:
    """Cut every parameter in the way that its derivatives fit best.

    Args:
        seen: the evidence.
        interleaved_first: which reading is taken where rows of gates one after another and alternating fit equally.
        doubt: what a parameter is taken for that could be a map as well as a table of biases.
    """
    sources = _sources(seen)
    largest = max((float(np.abs(value).max(initial=0)) for value in seen.parameter_jacobian.values()), default=0.0)
    floor = seen.tolerances.dead * max(largest, 1e-30)
    blocks: list[Block] = []
    unused: list[str] = []
    odd: list[str] = []
    for name, jacobian in seen.parameter_jacobian.items():
        if float(np.abs(jacobian).max(initial=0)) <= floor:
            unused.append(name)
            continue
        attempt = _best_attempt(name, seen, sources, floor, interleaved_first=interleaved_first, doubt=doubt)
        if attempt is None:
            odd.append(name)
        else:
            blocks.extend(attempt.blocks(name, seen))
    return Cut(blocks=tuple(blocks), unused=tuple(unused), odd=tuple(odd), floor=floor)


def _sources(seen: CellObservation) -> dict[str, Array]:
    point = seen.point
    found = {"x": point.x, "h": point.h, "1": np.ones((point.x.shape[0], 1))}
    return found | ({"c": point.c} if "c" in seen.input_jacobian else {})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """The blocks of all gates of one segment of a reading."""

    segment: int
    start: int
    jacobian: Array
    """(B, K, gates, n, columns)"""
    gain: Array
    """(B, K, gates, n)"""
    turned_gain: Array | None
    alive: NDArray[np.bool_]
    """Of each gate: it has an effect."""
    fits: NDArray[np.bool_]
    turned_fits: NDArray[np.bool_]

    @property
    def loose(self) -> int:
        """Gates that have an effect and fit no plain source."""
        return int(np.count_nonzero(self.alive & ~self.fits & ~self.turned_fits))

    def spread(self, seen: CellObservation) -> int:
        """Gates of which a row leads to other units than its own, which it does not in a cell that works elementwise.

        Sums of outputs do not show that.
        """
        if seen.directions is not None:
            return 0
        batch, count, gates, n = self.gain.shape
        size = np.abs(self.gain) if self.fits.all() else np.abs(self.jacobian).max(axis=4)
        if self.turned_gain is not None:
            size = np.where((self.turned_fits & ~self.fits)[:, None], np.abs(self.turned_gain), size)
        by_unit = size.reshape(batch, count // n, n, gates, n).max(axis=(0, 1))  # (unit, gate, row)
        across = (by_unit * _others(n)).max(axis=(0, 2))
        return int((self.alive & (across > seen.tolerances.same * by_unit.max(axis=(0, 2)))).sum())


@lru_cache(maxsize=64)
def _others(n: int) -> Array:
    """(unit, 1, row): 1 where a row belongs to another unit, else 0."""
    return (1.0 - np.eye(n))[:, None, :]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Attempt:
    """A parameter under one reading."""

    reading: Reading
    parts: tuple[_Part, ...]

    def score(self, seen: CellObservation) -> tuple[int, int, int]:
        """Smaller is better: blocks that are not explained, those that do not work elementwise, odd maps of the input.

        A column fits any derivative, so one that is not elementwise is not explained by it either. A map of the input
        is plain in any cell; where sizes leave it open, one that is not plain is taken for a map of the state.
        """
        loose = sum(part.loose for part in self.parts)
        spread = sum(part.spread(seen) for part in self.parts)
        odd = sum(part.loose for part, name in zip(self.parts, self.reading.segments, strict=True) if name == "x")
        return (loose + spread if self.reading.view == "column" else loose, spread, odd)

    def blocks(self, name: str, seen: CellObservation) -> Iterable[Block]:
        """The blocks that have an effect."""
        reading, n = self.reading, seen.hidden_size
        matrix = as_matrix(seen.parameters[name], reading.view)
        for part in self.parts:
            for gate in np.flatnonzero(part.alive).tolist():
                turned = bool(part.turned_fits[gate]) and not bool(part.fits[gate])
                ref = reading.ref(name, gate, part.segment, turned=turned)
                weight = matrix[ref.rows(n), part.start : part.start + part.jacobian.shape[-1]]
                jacobian = part.jacobian[:, :, gate]
                gain: Array | None = part.gain[:, :, gate] if part.fits[gate] else None
                if turned and part.turned_gain is not None:
                    weight, jacobian, gain = weight.mT, jacobian.mT, part.turned_gain[:, :, gate]
                yield Block(ref=ref, source=reading.segments[part.segment], weight=weight, jacobian=jacobian, gain=gain)


def _best_attempt(
    name: str,
    seen: CellObservation,
    sources: Mapping[str, Array],
    floor: float,
    *,
    interleaved_first: bool,
    doubt: Doubt,
) -> _Attempt | None:
    best: tuple[tuple[int, int, int], _Attempt] | None = None
    shape = seen.parameters[name].shape
    matrices, columns = readings(shape, seen.input_size, seen.hidden_size, has_cell_state="c" in sources)
    for tier in (matrices, columns):
        for reading in sorted(tier, key=lambda reading: not reading.interleaved) if interleaved_first else tier:
            attempt = _attempt(reading, seen.parameter_jacobian[name], seen, sources, floor)
            # Whether it works elementwise matters among the best only, and is costlier to see.
            if best is not None and sum(part.loose for part in attempt.parts) > best[0][0]:
                continue
            score = attempt.score(seen)
            if score == (0, 0, 0):
                return attempt
            if best is None or score < best[0]:
                best = (score, attempt)
        # A column always fits some G, so it is tried only where no matrix fits.
        if (best is not None and best[0][0] == 0) or not may_be_table(shape, matrices, doubt):
            break
        if tier is matrices and columns and doubt == "tables":
            best = None
    return None if best is None else best[1]


def _attempt(
    reading: Reading, jacobian: Array, seen: CellObservation, sources: Mapping[str, Array], floor: float
) -> _Attempt:
    matrix = as_matrix(jacobian, reading.view, leading=2)
    batch, count, n = *matrix.shape[:2], seen.hidden_size
    parts = []
    start = 0
    for segment, name in enumerate(reading.segments):
        source = sources[name]
        width = source.shape[1]
        block = matrix[..., start : start + width]
        if reading.interleaved:
            block = block.reshape(batch, count, n, reading.gates, width).swapaxes(2, 3)
        else:
            block = block.reshape(batch, count, reading.gates, n, width)
        parts.append(_part(segment, start, block, source, seen, floor))
        start += width
    return _Attempt(reading=reading, parts=tuple(parts))


def _part(segment: int, start: int, block: Array, source: Array, seen: CellObservation, floor: float) -> _Part:
    tolerance = seen.tolerances.fit
    alive = np.abs(block).max(axis=(0, 1, 3, 4)) > floor
    gain, fits = _fit(block, source, tolerance)
    turned_gain, turned_fits = None, np.zeros_like(fits)
    if block.shape[3] == block.shape[4] and not fits[alive].all():
        turned_gain, turned_fits = _fit(block.mT, source, tolerance)
    return _Part(
        segment=segment,
        start=start,
        jacobian=block,
        gain=gain,
        turned_gain=turned_gain,
        alive=alive,
        fits=fits,
        turned_fits=turned_fits,
    )


def _fit(block: Array, source: Array, tolerance: float) -> tuple[Array, NDArray[np.bool_]]:
    """G with block = G ⊗ source, and for which gates that holds."""
    batch, count, gates, n, width = block.shape
    unit = source / np.square(source).sum(1, keepdims=True)
    gain = (block.reshape(batch, -1, width) @ unit[:, :, None]).reshape(batch, count, gates, n)
    residual = block - gain[..., None] * source[:, None, None, None, :]
    error = np.square(residual).sum(axis=(0, 1, 3, 4))
    return gain, error <= tolerance**2 * np.square(block).sum(axis=(0, 1, 3, 4))
