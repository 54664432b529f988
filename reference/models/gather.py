"""A cell's own parameters -> the joined matrices of torch's recurrent layers, and gradients back the same way.

Which number goes where depends on the layout and on shapes alone, so it is worked out once, on numbers that count the
elements, and kept. Then both ways are one indexing operation.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from reference.cells.joined import Joined
from reference.recognition.layout import BlockRef, CellLayout, LayoutError, RoleLayout

Shapes = tuple[tuple[str, tuple[int, ...]], ...]
"""Names and shapes of a cell's own parameters, in order."""
_BEHIND = np.zeros(1)
PIECES = ("W_x", "W_h", "b_x", "b_h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Where each number of the joined W_ih, W_hh, b_ih, b_hh comes from."""

    index: NDArray[np.int64]
    """(most blocks of a sum, numbers): places in the flat parameters; the place behind the last one holds 0."""
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    sizes: tuple[int, int, int]
    """Roles, columns of the input, hidden units."""
    lengths: tuple[int, ...]
    """Numbers in each of the cell's own parameters."""

    def joined(self, parameters: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """The four joined pieces, one after the other, of the cell's own parameters, flat."""
        flat = np.concatenate([*parameters, _BEHIND])
        values: NDArray[np.float64] = flat[self.index].sum(axis=0) * self.scale + self.shift
        return values

    def split(self, joined: torch.Tensor) -> Joined:
        """W_ih, W_hh, b_ih, b_hh as views."""
        roles, d, n = self.sizes
        rows = roles * n
        w_x, w_h, b_x, b_h = torch.split_with_sizes(joined, [rows * d, rows * n, rows, rows])
        return w_x.view(rows, d), w_h.view(rows, n), b_x, b_h

    def back(self, gradient: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """The gradients by the cell's own parameters, flat, from that by the joined pieces."""
        weights = np.broadcast_to(gradient * self.scale, self.index.shape)
        found = np.bincount(self.index.ravel(), weights.ravel(), sum(self.lengths) + 1).astype(np.float64, copy=False)
        ends = list(itertools.accumulate(self.lengths))
        return [found[end - length : end] for length, end in zip(self.lengths, ends, strict=True)]


class LayoutKey:
    """What of a layout decides where numbers lie: equal ones are one object, so that a long key is not hashed anew."""

    __slots__ = ("roles",)

    def __init__(self, roles: tuple[tuple[str, RoleLayout], ...]) -> None:
        self.roles = roles


_MOST_KEYS = 10_000
_MOST_LAYOUTS = 100
_KEYS: dict[tuple[tuple[str, RoleLayout], ...], LayoutKey] = {}
_BY_OBJECT: OrderedDict[int, tuple[CellLayout, LayoutKey]] = OrderedDict()
"""Of the layouts that were last looked at, by identity: every run of a submission asks anew for the same few."""


def layout_key(layout: CellLayout) -> LayoutKey:
    """The key of a layout."""
    known = _BY_OBJECT.get(id(layout))
    if known is not None and known[0] is layout:
        return known[1]
    if len(_KEYS) > _MOST_KEYS:
        _KEYS.clear()
    roles = tuple(layout.roles.items())
    key = _KEYS.setdefault(roles, LayoutKey(roles))
    _BY_OBJECT[id(layout)] = (layout, key)
    if len(_BY_OBJECT) > _MOST_LAYOUTS:
        _BY_OBJECT.popitem(last=False)
    return key


@lru_cache(maxsize=512)
def gather(key: LayoutKey, order: str, negated: str, shapes: Shapes, d: int, n: int) -> Gather:
    """The gather of a cell.

    Args:
        key: of its layout.
        order: roles in the order in which they are joined, one letter each.
        negated: a role whose sum changes its sign; empty for none.
        shapes: of its own parameters.
        d: columns of its input.
        n: its hidden units.

    Raises:
        LayoutError: if the parameters have another form than the layout says.
    """
    roles = dict(key.roles)
    if set(order) != set(roles):
        raise LayoutError(f"the layout has the roles {', '.join(roles)}")
    counted, lengths = _counted(shapes)
    columns: list[NDArray[np.int64]] = []
    scales, shifts = [], []
    for piece in PIECES:
        width = {"W_x": d, "W_h": n}.get(piece, 1)
        for role in order:
            layout = roles[role]
            columns.append(_blocks(getattr(layout, piece), counted, n, width))
            sign = -1.0 if role == negated else 1.0
            scales.append(np.full(n * width, sign * layout.scale))
            shifts.append(np.full(n * width, sign * layout.shift if piece == "b_x" else 0.0))
    most = max(len(one) for one in columns)
    index = np.concatenate([_padded(one, most, sum(lengths)) for one in columns], axis=1)
    return Gather(
        index=index,
        scale=np.concatenate(scales),
        shift=np.concatenate(shifts),
        sizes=(len(order), d, n),
        lengths=lengths,
    )


def _counted(shapes: Shapes) -> tuple[dict[str, torch.Tensor], tuple[int, ...]]:
    """Parameters whose elements are their own places, and how many each has."""
    counted, lengths = {}, list[int]()
    for name, shape in shapes:
        start = sum(lengths)
        lengths.append(math.prod(shape))
        counted[name] = torch.arange(start, start + lengths[-1]).reshape(shape)
    return counted, tuple(lengths)


def _blocks(blocks: Sequence[BlockRef], counted: Mapping[str, torch.Tensor], n: int, width: int) -> NDArray[np.int64]:
    """(blocks, n · width): the places that are added up."""
    rows = []
    for block in blocks:
        if block.segments == ("1",) and block.parameter not in counted:
            continue  # built without biases
        part = block.take(counted, n)
        if tuple(part.shape) != (n, width):
            raise LayoutError(f"block of {block.parameter!r} has shape {tuple(part.shape)}")
        rows.append(part.reshape(-1).numpy())
    return np.stack(rows) if rows else np.empty((0, n * width), dtype=np.int64)


def _padded(places: NDArray[np.int64], most: int, nothing: int) -> NDArray[np.int64]:
    missing = np.full((most - len(places), places.shape[1]), nothing, dtype=np.int64)
    return np.concatenate([places, missing])
