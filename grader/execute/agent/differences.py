"""Derivatives of functions on NumPy arrays, by central differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from .control import Refused
from .scope import Scope
from .values import array_to_tensor, flat_arguments, is_array

STEP = 1e-5
"""Balances rounding (about 1e-11 at this step) and what is left out (about 1e-10), for values of ordinary size."""
_ELEMENTS = 5_000
"""Each costs two calls."""


def central_differences(
    scope: Scope, value: Any, again: Callable[[], Any], names: list[str]
) -> dict[str, torch.Tensor]:
    """d(all outputs)/d(array), of shape (outputs, *shape of the array), for each array.

    Args:
        scope: holds the arrays.
        value: what the call returned.
        again: calls once more, with what the arrays hold then.
        names: of arrays, or of dictionaries of arrays.

    Raises:
        Refused: if there are too many elements, or the number of outputs changes with one of them.
    """
    arrays = list(_arrays(scope, names))
    if sum(array.size for _, array in arrays) > _ELEMENTS:
        raise Refused("differences")
    count = _flat(value).numel()
    found = {}
    for name, array in arrays:
        rows = torch.zeros(array.size, count, dtype=torch.float64)
        flat = array.reshape(-1)
        for place in range(array.size):
            rows[place] = _slope(flat, place, again, count)
        found[name] = rows.T.reshape(count, *array.shape)
    return found


def _slope(flat: Any, place: int, again: Callable[[], Any], count: int) -> torch.Tensor:
    """The change of all outputs with one element of an array, which is as before afterwards."""
    before = flat[place]
    try:
        flat[place] = before + STEP
        above = _flat(again())
        flat[place] = before - STEP
        below = _flat(again())
    finally:
        flat[place] = before
    if above.numel() != count or below.numel() != count:
        raise Refused("differences")
    return (above - below) / (2 * STEP)


def _arrays(scope: Scope, names: list[str]) -> Iterator[tuple[str, Any]]:
    """Contiguous float64 arrays by name; a dictionary stands for its arrays. Others have no derivative."""
    for name in names:
        value = scope.named(name)
        parts = {f"{name}.{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
        for full, part in parts.items():
            if is_array(part) and part.dtype.kind == "f" and part.dtype.itemsize == 8 and part.flags.c_contiguous:
                yield full, part


def _flat(value: Any) -> torch.Tensor:
    """All floating arrays of a result, flattened and side by side."""
    arrays = [leaf for leaf in flat_arguments(value) if is_array(leaf) and leaf.dtype.kind == "f"]
    tensors = [array_to_tensor(array).to(torch.float64).reshape(-1) for array in arrays]
    return torch.cat(tensors) if tensors else torch.zeros(0, dtype=torch.float64)
