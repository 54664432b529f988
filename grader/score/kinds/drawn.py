"""The numbers of probes, kept: those of a run are the same for everyone who names things alike."""

from __future__ import annotations

from functools import lru_cache

import torch

from grader import draws

_KEPT = 4_096
_SMALL = 4_096
"""Elements up to which a tensor is kept: at most 128 MB in all, and a hundredth of that where nobody overdoes it."""

Shape = tuple[int, ...]


def drawn(seed: str, name: str, shape: Shape, precision: torch.dtype, scale: float = 1.0) -> torch.Tensor:
    """A draw, rounded to a precision, in float64. It is shared: do not change it in place."""
    size = 1
    for length in shape:
        size *= length
    make = _kept if size <= _SMALL else _make
    return make(seed, name, shape, precision, scale)


def _make(seed: str, name: str, shape: Shape, precision: torch.dtype, scale: float) -> torch.Tensor:
    return draws.draw(seed, name, shape, scale=scale).to(precision).to(torch.float64)


_kept = lru_cache(maxsize=_KEPT)(_make)
