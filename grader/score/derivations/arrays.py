"""What sums and products mean for shapes. Every value is a matrix: vectors are columns, or rows, and scalars 1 by 1."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MOST_ELEMENTS = 10_000
"""Of one value."""


class ShapeError(ValueError):
    """Two values do not fit together.

    Args:
        why: which, as the end of a sentence.
        position: where in the text.
    """

    def __init__(self, why: str, position: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


def scalar(value: Tensor) -> bool:
    """True for a value of one element."""
    return value.numel() == 1


def added(one: Tensor, other: Tensor, at: int) -> Tensor:
    """A sum; a scalar is added to every entry, a column to every column of a matrix."""
    columns = one.shape[0] == other.shape[0] and 1 in (one.shape[1], other.shape[1])
    if one.shape != other.shape and not columns and not scalar(one) and not scalar(other):
        raise ShapeError(f"a sum of {shown(one)} and {shown(other)}", at)
    return one + other


def entrywise(one: Tensor, other: Tensor, at: int) -> Tensor:
    """A product entry by entry; a column goes with every column of a matrix."""
    if one.shape == other.shape or scalar(one) or scalar(other):
        return one * other
    for first, second in ((one, other), (other, one)):
        if first.shape[1] == 1 and first.shape[0] == second.shape[0] and second.shape[0] > 1:
            return first * second
    raise ShapeError(f"{shown(one)} times {shown(other)}, entry by entry", at)


def ordinary(one: Tensor, other: Tensor, at: int) -> Tensor:
    """A product without a special sign: of matrices if they fit, else entry by entry if the shapes are the same."""
    if scalar(one) or scalar(other):
        return one * other
    if one.shape[1] == other.shape[0]:
        return one @ other
    if one.shape == other.shape:
        return one * other
    raise ShapeError(f"{shown(one)} times {shown(other)}", at)


def matrix(one: Tensor, other: Tensor, at: int) -> Tensor:
    """A product of matrices; a vector may stand either way, as an array with one axis may."""
    if scalar(one) or scalar(other):
        return one * other
    if one.shape[1] != other.shape[0]:
        if one.shape[1] == 1 and one.shape[0] == other.shape[0]:
            return (one.mT @ other).mT
        raise ShapeError(f"{shown(one)} times {shown(other)}", at)
    return one @ other


def outer(one: Tensor, other: Tensor, at: int) -> Tensor:
    """An outer product of two vectors, whichever way they stand."""
    if 1 not in one.shape or 1 not in other.shape:
        raise ShapeError(f"an outer product of {shown(one)} and {shown(other)}", at)
    return one.reshape(-1, 1) @ other.reshape(1, -1)


PRODUCTS: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "": ordinary, "·": ordinary, "*": ordinary, "×": ordinary, "⊙": entrywise, "⊗": outer, "@": matrix,
}  # fmt: skip


def forgiving(one: Tensor, other: Tensor, at: int) -> Tensor:
    """A product at size one, where order and transposes do not count: whatever fits."""
    if scalar(one) or scalar(other):
        return one * other
    if one.shape == other.shape:
        return one * other
    for first, second in ((one, other), (one.mT, other), (one, other.mT), (one.mT, other.mT), (other, one)):
        if first.shape[1] == second.shape[0]:
            return first @ second
    raise ShapeError(f"{shown(one)} times {shown(other)}", at)


def forgiving_sum(one: Tensor, other: Tensor, at: int) -> Tensor:
    """A sum at size one, where a transpose does not count."""
    return added(one, other if one.shape == other.shape or scalar(one) or scalar(other) else other.mT, at)


def diagonal(value: Tensor, at: int) -> Tensor:
    """The diagonal matrix of a vector; the diagonal of a matrix."""
    if 1 in value.shape:
        return torch.diag(value.reshape(-1))
    if value.shape[0] == value.shape[1]:
        return torch.diag(value).reshape(-1, 1)
    raise ShapeError(f"a diagonal matrix of {shown(value)}", at)


def shown(value: Tensor) -> str:
    """A shape as a message prints it."""
    return " × ".join(str(size) for size in value.shape)
