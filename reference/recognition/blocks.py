"""Cuts parameters into blocks by what their derivatives say: which source a block multiplies, where it leads.

A block of rows of one gate that is fed by a source s has the Jacobian G ⊗ s, whatever the cell does with the sum. So s
is found by trying, and G (the derivative with respect to the pre-activation) tells which blocks feed the same sum.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reference.recognition.layout import DIMENSIONS, BlockRef, Segment, View, as_matrix
from reference.recognition.observation import CellObservation

MAX_GATES = 8
"""More gates than this in one parameter are not tried."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One block of a parameter that has an effect."""

    ref: BlockRef
    source: Segment
    weight: Tensor
    """(n, columns)"""
    jacobian: Tensor
    """(B, outputs, n, columns)"""
    gain: Tensor | None
    """G (B, outputs, n), the derivative with respect to the sum that it feeds; None if no plain source fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """All parameters of a cell, cut."""

    blocks: tuple[Block, ...]
    unused: tuple[str, ...]
    """Parameters without any effect."""
    odd: tuple[str, ...]
    """Parameters with an effect whose shape fits no affine map of the cell."""


def cut_parameters(seen: CellObservation) -> Cut:
    """Cut every parameter in the way that its derivatives fit best."""
    sources = {
        "x": seen.point.x,
        "h": seen.point.h,
        "c": seen.point.c,
        "1": torch.ones(seen.point.x.shape[0], 1, dtype=torch.float64),
    }
    if "c" not in seen.input_jacobian:
        del sources["c"]
    largest = max((float(value.abs().max()) for value in seen.parameter_jacobian.values() if value.numel()), default=0)
    threshold = 1e-13 * max(largest, 1e-30) if seen.tolerances.fit < 1e-6 else 1e-7 * largest
    blocks: list[Block] = []
    unused: list[str] = []
    odd: list[str] = []
    for name, jacobian in seen.parameter_jacobian.items():
        if jacobian.numel() == 0 or float(jacobian.abs().max()) <= threshold:
            unused.append(name)
            continue
        reading = _read_parameter(name, seen, sources, threshold)
        if reading is None:
            odd.append(name)
        else:
            blocks.extend(reading)
    return Cut(blocks=tuple(blocks), unused=tuple(unused), odd=tuple(odd))


def _read_parameter(
    name: str, seen: CellObservation, sources: Mapping[str, Tensor], threshold: float
) -> list[Block] | None:
    best: tuple[tuple[int, int], list[Block]] | None = None
    shape = seen.parameters[name].shape
    for views in (("plain", "transposed", "gates", "gates_transposed"), ("column",)):
        for ref in _references(name, shape, views, seen, sources):
            blocks = _blocks(ref, seen, sources, threshold)
            score = (
                sum(block.gain is None for block in blocks),
                sum(not _local(block, seen.tolerances.same) for block in blocks),
            )
            if best is None or score < best[0]:
                best = (score, blocks)
            if score == (0, 0):
                return blocks
        # A column always fits some G, so it is tried only where no matrix fits.
        if best is not None and best[0][0] == 0:
            break
    return None if best is None else best[1]


def _references(
    name: str,
    shape: tuple[int, ...],
    views: tuple[View, ...],
    seen: CellObservation,
    sources: Mapping[str, Tensor],
) -> Iterator[BlockRef]:
    n = seen.hidden_size
    for view in views:
        if len(shape) not in DIMENSIONS[view]:
            continue
        if view == "column" and not _may_be_bias(shape, n):
            continue
        rows, columns = as_matrix(seen.parameters[name], view).shape
        if rows % n or not 1 <= rows // n <= MAX_GATES:
            continue
        gates = rows // n
        for segments, interleaved in itertools.product(_segmentations(columns, sources), (False, True)):
            if interleaved and gates == 1:
                continue
            yield BlockRef(
                parameter=name,
                view=view,
                interleaved=interleaved,
                gate=0,
                gates=gates,
                segments=segments,
                segment=0,
            )


def _may_be_bias(shape: tuple[int, ...], n: int) -> bool:
    """A vector, or a table of vectors: (1, n), (gates, n), (n, gates), (gates, 1, n)."""
    if len(shape) == 2:
        return 1 in shape or (n in shape and shape != (n, n))
    return len(shape) == 1 or 1 in shape


def _segmentations(columns: int, sources: Mapping[str, Tensor]) -> Iterator[tuple[Segment, ...]]:
    known: tuple[Segment, ...] = ("x", "h", "c", "1")
    names = [name for name in known if name in sources]
    for count in range(1, len(names) + 1):
        for chosen in itertools.permutations(names, count):
            if sum(sources[name].shape[1] for name in chosen) == columns:
                yield chosen


def _blocks(first: BlockRef, seen: CellObservation, sources: Mapping[str, Tensor], threshold: float) -> list[Block]:
    jacobian = seen.parameter_jacobian[first.parameter]
    matrix = as_matrix(jacobian, first.view, leading=2)
    blocks = []
    start = 0
    for segment, source in enumerate(first.segments):
        width = sources[source].shape[1]
        for gate in range(first.gates):
            ref = replace(first, gate=gate, segment=segment)
            part = matrix[:, :, ref.rows(seen.hidden_size), start : start + width]
            if float(part.abs().max()) <= threshold:
                continue
            weight = ref.take(seen.parameters, seen.hidden_size)
            gain = _fit(part, sources[source], seen.tolerances.fit)
            if gain is None and weight.shape[0] == weight.shape[1]:
                gain = _fit(part.mT, sources[source], seen.tolerances.fit)
                if gain is not None:
                    ref, weight, part = replace(ref, turned=True), weight.mT, part.mT
            blocks.append(Block(ref=ref, source=source, weight=weight, jacobian=part, gain=gain))
        start += width
    return blocks


def _fit(jacobian: Tensor, source: Tensor, tolerance: float) -> Tensor | None:
    """G with jacobian = G ⊗ source, or None."""
    gain = torch.einsum("bonm,bm->bon", jacobian, source) / (source * source).sum(1)[:, None, None]
    residual = jacobian - gain[..., None] * source[:, None, None, :]
    return gain if float(residual.norm()) <= tolerance * float(jacobian.norm()) else None


def _local(block: Block, tolerance: float) -> bool:
    """True if each row of the block leads to its own unit only, as in a cell that works elementwise."""
    n = block.weight.shape[0]
    batch, outputs = block.jacobian.shape[:2]
    by_unit = block.jacobian.reshape(batch, outputs // n, n, n, -1).abs().amax(dim=(0, 1, 4))  # (unit, row)
    return float((by_unit - torch.diag(by_unit.diagonal())).max()) <= tolerance * float(by_unit.max())
