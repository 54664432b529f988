"""Checks the arrays of a record against the sizes that its own annotations name."""

from __future__ import annotations

import typing
from functools import cache

from jaxtyping import AbstractArray


@cache
def _named_sizes(record: type[object]) -> dict[str, tuple[str, ...]]:
    """Field -> the names of its dimensions, for each field that holds an array."""
    hints = typing.get_type_hints(record)
    return {
        name: tuple(hint.dim_str.split())
        for name, hint in hints.items()
        if isinstance(hint, type) and issubclass(hint, AbstractArray)
    }


def check_shapes(record: object) -> None:
    """Refuse a record whose arrays are not float64, or whose sizes do not fit together.

    Raises:
        ValueError: with the name of the array, what was wanted and what was found.
    """
    sizes: dict[str, int] = {}
    for name, dims in _named_sizes(type(record)).items():  # type: ignore[arg-type]  # a class is hashable
        value = getattr(record, name)
        wanted = f"({', '.join(dims)})"
        if not str(value.dtype).endswith("float64"):
            raise ValueError(f"{name} holds {value.dtype}; wanted float64")
        if value.ndim != len(dims):
            raise ValueError(f"{name} has shape {tuple(value.shape)}; wanted {wanted}")
        for dim, size in zip(dims, value.shape, strict=True):
            expected = int(dim) if dim.isdigit() else sizes.setdefault(dim, size)
            if size != expected:
                which = "" if dim.isdigit() else f" with {dim} = {expected}"
                raise ValueError(f"{name} has shape {tuple(value.shape)}; wanted {wanted}{which}")
