"""The ways in which a parameter of a given shape can be read as maps of a cell; found from sizes alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reference.recognition.layout import DIMENSIONS, BlockRef, Segment, View

MAX_GATES = 8
"""More gates than this in one parameter are not tried."""

Doubt = Literal["usual", "maps", "tables"]
"""What a parameter is taken for that could be a map of a gated state as well as a table of biases: by its form, where a
square is a map and others are tables; always a map; always a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a parameter: gates of rows, sources of columns."""

    view: View
    interleaved: bool
    gates: int
    segments: tuple[Segment, ...]

    def ref(self, parameter: str, gate: int, segment: int, *, turned: bool = False) -> BlockRef:
        """The block of one gate and one source."""
        return BlockRef(
            parameter=parameter,
            view=self.view,
            interleaved=self.interleaved,
            gate=gate,
            gates=self.gates,
            segments=self.segments,
            segment=segment,
            turned=turned,
        )


def may_be_table(shape: tuple[int, ...], matrices: Sequence[Reading], doubt: Doubt) -> bool:
    """True if a parameter that no plain map explains may be read as biases."""
    if not matrices:
        return True
    square = len(shape) == 2 and shape[0] == shape[1]
    return doubt == "tables" or (doubt == "usual" and not square)


@lru_cache(maxsize=4096)
def readings(
    shape: tuple[int, ...], d: int, n: int, *, has_cell_state: bool
) -> tuple[tuple[Reading, ...], tuple[Reading, ...]]:
    """All readings as matrices, and all as columns of biases.

    Gates one after another come before alternating ones, one source before several.
    """
    widths: dict[Segment, int] = {"x": d, "h": n, "c": n, "1": 1}
    if not has_cell_state:
        del widths["c"]
    matrices: tuple[View, ...] = ("plain", "transposed", "gates", "gates_transposed")
    columns: tuple[View, ...] = ("column",) if _may_be_bias(shape, n) else ()
    return (_in_order(shape, matrices, widths, n), _in_order(shape, columns, widths, n))


def _in_order(
    shape: tuple[int, ...], views: tuple[View, ...], widths: dict[Segment, int], n: int
) -> tuple[Reading, ...]:
    found = [reading for view in views for reading in _read_as(shape, view, widths, n)]
    return tuple(sorted(found, key=lambda reading: (reading.interleaved, len(reading.segments))))


def _read_as(shape: tuple[int, ...], view: View, widths: dict[Segment, int], n: int) -> Iterator[Reading]:
    if len(shape) not in DIMENSIONS[view] or 0 in shape:
        return
    rows, columns = _matrix_shape(shape, view)
    if rows % n or not 1 <= rows // n <= MAX_GATES:
        return
    gates = rows // n
    for segments in _segmentations(columns, widths):
        for interleaved in (False, True) if gates > 1 else (False,):
            yield Reading(view=view, interleaved=interleaved, gates=gates, segments=segments)


def _matrix_shape(shape: tuple[int, ...], view: View) -> tuple[int, int]:
    """The shape of `layout.as_matrix`."""
    if view == "column":
        return (math.prod(shape), 1)
    if view == "transposed":
        return (shape[1], shape[0])
    if view == "gates":
        return (shape[0] * shape[1], shape[2])
    if view == "gates_transposed":
        return (shape[0] * shape[2], shape[1])
    return (shape[0], shape[1])


def _may_be_bias(shape: tuple[int, ...], n: int) -> bool:
    """A vector, or a table of vectors: (1, n), (gates, n), (n, gates), (gates, 1, n)."""
    if len(shape) == 2:
        return 1 in shape or n in shape
    return len(shape) == 1 or 1 in shape


def _segmentations(columns: int, widths: dict[Segment, int]) -> Iterator[tuple[Segment, ...]]:
    for count in range(1, len(widths) + 1):
        for chosen in itertools.permutations(widths, count):
            if sum(widths[name] for name in chosen) == columns:
                yield chosen
