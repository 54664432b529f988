"""Arrays that a student's function returned, against the right gradient at the points at which it was called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.score.derivations.comparing import TOLERANCE, Slopes, same
from grader.score.derivations.scene import Scene

SINGLE_TOLERANCE = 1e-4
"""For what was computed in float32."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One call: where it was made, and what came back."""

    scene: Scene
    value: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How what a function returned compares with the right gradient."""

    calculus: bool = False
    matrices: bool = False
    turned: bool = False
    """True if it is right after a transpose."""
    local: bool = False
    """True if the local gradient is what it equals."""
    shape: str = ""
    """Which shape does not fit, as the end of a sentence."""

    @property
    def worth(self) -> tuple[bool, bool]:
        """What counts when ways to call are compared."""
        return self.matrices, self.calculus


def within(value: Tensor, precision: str) -> float:
    """The tolerance for a value of a call in that precision."""
    return TOLERANCE if value.dtype == torch.float64 and precision != "float32" else SINGLE_TOLERANCE


def compared(
    points: Mapping[bool, Sequence[Point]],
    scopes: Sequence[bool],
    *,
    any_layout: bool,
    precision: str,
    slopes: Slopes | None = None,
) -> Seen:
    """What the calls at size one and at proper sizes are worth.

    Args:
        points: whether every size is 1 -> the calls; no proper ones where the function raised there.
        scopes: which gradients are right: True is local.
        any_layout: True if a transpose is right, too.
        precision: of the numbers that the function was given.
        slopes: of functions, taken over from a student.
    """
    seen = Seen()
    for local in scopes:
        if points[True] and all(_agrees(one, local, slopes, True, precision) is not None for one in points[True]):
            seen = Seen(calculus=True, local=local)
            break
    if not points[False]:
        return seen
    for local in scopes:
        turned = [_agrees(one, local, slopes, any_layout, precision) for one in points[False]]
        if None not in turned and len(set(turned)) == 1:
            return Seen(calculus=True, matrices=True, turned=bool(turned[0]), local=local)
    return replace(seen, shape=_misfit(points[False][0], any_layout))


def _agrees(point: Point, local: bool, slopes: Slopes | None, any_layout: bool, precision: str) -> bool | None:
    """True if a value is right after a transpose, False if it is right as it is; None if it is wrong."""
    right = point.scene.varied(local=local, slopes=slopes).right()
    near = within(point.value, precision)
    for value, turned in laid_out(point.value, right, any_layout=any_layout):
        if same(value, right, near):
            return turned
    return None


def laid_out(value: Tensor, like: Tensor, *, any_layout: bool) -> Iterator[tuple[Tensor, bool]]:
    """A value as the matrix that it may be meant as, and whether that takes a transpose.

    A vector is the same with one axis or two, as a row or a column; a number with any axes of length 1.
    """
    value = value.detach().to(torch.float64)
    if value.dim() > 2:
        value = value.squeeze()
    if 1 in like.shape and value.numel() == like.numel() and sum(size > 1 for size in value.shape) <= 1:
        yield value.reshape(like.shape), False
        return
    if value.dim() != 2:
        return
    if value.shape == like.shape:
        yield value, False
    if any_layout and value.mT.shape == like.shape:
        yield value.mT, True


def _misfit(point: Point, any_layout: bool) -> str:
    right = point.scene.right()
    if next(laid_out(point.value, right, any_layout=any_layout), None) is not None:
        return ""
    return f"its shape is {tuple(point.value.shape)} where the gradient has {tuple(right.shape)}"
