"""The functions that may stand in a derivation, entry by entry or over a column, and their slopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from grader.score.derivations import arrays

Slope = Callable[[Tensor, Tensor], Tensor]
"""A slope from an argument and the function's value there."""
_ENTRYWISE: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "cosh": torch.cosh,
    "sech": lambda x: 1 / torch.cosh(x),
}
_SLOPES: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": lambda value: 1 - value**2,
    "sigmoid": lambda value: value * (1 - value),
    "relu": lambda value: (value > 0).to(value.dtype),
    "exp": lambda value: value,
    "log": lambda value: torch.exp(-value),
}


_ARGUMENTS: dict[str, Callable[[Tensor], Tensor]] = {"sigmoid": torch.logit, "tanh": torch.atanh, "exp": torch.log}


def from_value(name: str, slope: Slope) -> Callable[[Tensor], Tensor]:
    """The same slope from the function's value alone."""

    def slope_from_value(value: Tensor) -> Tensor:
        column = value.reshape(-1, 1)
        return slope(_ARGUMENTS[name](column), column).reshape(value.shape)

    return slope_from_value


def argument_of(name: str, value: Tensor) -> Tensor:
    """The argument at which a function has a value; not a number where that cannot be told."""
    return _ARGUMENTS[name](value) if name in _ARGUMENTS else torch.full_like(value, torch.nan)


def shareable(name: str) -> bool:
    """True if a slope of the function can be told from its value."""
    return name in _ARGUMENTS


def applied(name: str, value: Tensor, at: int, slope: Slope | None = None) -> Tensor:
    """A function of a value; with `slope`, gradients go back through that in place of the function's own slope.

    Raises:
        ShapeError: if the function does not take such a shape.
    """
    if name == "diag":
        return arrays.diagonal(value, at)
    if name == "softmax":
        return torch.softmax(value, dim=1 if value.shape[0] == 1 else 0)
    if slope is not None:
        made: Tensor = _WithSlope.apply(value, _ENTRYWISE[name], slope)  # type: ignore[no-untyped-call]  # torch has none
        return made
    return _ENTRYWISE[name](value)


def slope_of(name: str, value: Tensor) -> Tensor:
    """The slope of a function, from its value."""
    return _SLOPES[name](value)


class _WithSlope(torch.autograd.Function):
    """A function with a slope that somebody else has derived."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, function: Callable[[Tensor], Tensor], slope: Slope) -> Tensor:
        found = function(value)
        ctx.save_for_backward(slope(value.detach(), found.detach()))
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (slope,) = ctx.saved_tensors
        return gradients[0] * slope, None, None
