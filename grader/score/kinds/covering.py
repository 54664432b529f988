"""Which runs a model is put through: few enough to be cheap, enough that no pair of factors goes untried.

Pure functions: the same modes always give the same runs, in the same order.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import Field

from grader.records import Record

MOST_RUNS = 16
MOST_MODES = 10
"""With more modes the other depths no longer fit beside "every mode at three layers"."""

_DEPTHS = (3, 2, 1)
_STEPS = {3: 4, 2: 3, 1: 3}
"""By depth. Of three steps the one between is the same from either end, so the deepest runs have four."""
_FEW, _SEVERAL = 2, (3, 4)
"""Sizes of a batch: the smallest with an order, and the first of these that is not the number of steps."""


class RunSpec(Record):
    """The factors of one run of a model."""

    mode: str = Field(pattern=r"^[A-Za-z0-9_\-]+$")
    layers: int = Field(ge=1, le=6)
    bias: bool = True
    input_size: int = Field(default=5, ge=1, le=64)
    hidden_size: int = Field(default=7, ge=1, le=64)
    output_size: int = Field(default=2, ge=1, le=64)
    batch: int = Field(default=3, ge=1, le=16)
    steps: int = Field(default=4, ge=2, le=16)

    @cached_property
    def factors(self) -> Mapping[str, Any]:
        """All of them by name."""
        return MappingProxyType(self.model_dump())

    def in_words(self) -> str:
        """The run as a student reads it: "mode A, 3 layers, without bias"."""
        depth = "1 layer" if self.layers == 1 else f"{self.layers} layers"
        return f"mode {self.mode}, {depth}, {'with' if self.bias else 'without'} bias"


class _Row(Record):
    """The factors of a run before sizes are chosen."""

    mode: str
    depth: int
    bias: bool
    equal: bool
    """The input as wide as the hidden state."""
    several: bool
    """The larger batch."""

    def pairs(self) -> set[tuple[object, ...]]:
        """Every pair of factors other than the mode that this row tries."""
        factors = (("depth", self.depth), ("bias", self.bias), ("equal", self.equal), ("several", self.several))
        return set(itertools.combinations(factors, 2))

    def mode_pairs(self) -> set[tuple[object, ...]]:
        """The factors tried with this mode; widths only tell layers apart where there are several."""
        tried: set[tuple[object, ...]] = {(self.mode, "bias", self.bias), (self.mode, "several", self.several)}
        return tried | ({(self.mode, "equal", self.equal)} if self.depth > 1 else set())


def covering_runs(modes: Sequence[str]) -> tuple[RunSpec, ...]:
    """Runs that cover every mode at three layers and every pair of the other factors; at most 16.

    Where there is room, every mode also runs at two layers and at one: a fault of one mode and one depth is common.

    Args:
        modes: the modes of the model, at most `MOST_MODES`.

    Raises:
        ValueError: if there are no modes, or too many.
    """
    if not 1 <= len(modes) <= MOST_MODES:
        raise ValueError(f"a model needs 1 to {MOST_MODES} modes, found {len(modes)}")
    return _covering(tuple(modes))


@lru_cache(maxsize=64)
def _covering(modes: tuple[str, ...]) -> tuple[RunSpec, ...]:
    rows: list[_Row] = []
    for mode, depth in _skeleton(modes):
        rows.append(_best([row for row in _all_rows(modes) if (row.mode, row.depth) == (mode, depth)], rows))
    wanted = set().union(*(row.pairs() for row in _all_rows(modes)))
    while wanted - set().union(*(row.pairs() for row in rows)):
        rows.append(_best(_all_rows(modes), rows))
    return tuple(_spec(row) for row in rows)


def _skeleton(modes: Sequence[str]) -> list[tuple[str, int]]:
    """Every mode at three layers, then the other depths for as many modes as there is room."""
    chosen = [(mode, 3) for mode in modes]
    if len(modes) * len(_DEPTHS) <= MOST_RUNS:
        return chosen + [(mode, depth) for depth in (2, 1) for mode in modes]
    room = MOST_RUNS - len(chosen)
    return chosen + [(modes[index // 2], (2, 1)[index % 2]) for index in range(room)]


def _all_rows(modes: Sequence[str]) -> list[_Row]:
    levels = itertools.product(modes, _DEPTHS, (True, False), (False, True), (True, False))
    return [_Row(mode=m, depth=d, bias=b, equal=e, several=n) for m, d, b, e, n in levels]


def _best(candidates: Sequence[_Row], rows: Sequence[_Row]) -> _Row:
    """The candidate that tries most that is new; the first of equals."""
    pairs = set().union(*(row.pairs() for row in rows))
    mode_pairs = set().union(*(row.mode_pairs() for row in rows))
    return max(candidates, key=lambda row: len(row.pairs() - pairs) + 2 * len(row.mode_pairs() - mode_pairs))


def _spec(row: _Row) -> RunSpec:
    """Sizes without a common factor, so that no axis passes for another, unless equal widths are the point."""
    widths = (6, 6) if row.equal else (5, 7)
    steps = _STEPS[row.depth]
    return RunSpec(
        mode=row.mode,
        layers=row.depth,
        bias=row.bias,
        input_size=widths[0],
        hidden_size=widths[1],
        batch=next(size for size in _SEVERAL if size != steps) if row.several else _FEW,
        steps=steps,
    )
