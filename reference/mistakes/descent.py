"""Named mistakes of a clipped step of gradient descent. Each takes what `clipped_descent_step` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from reference.mistakes.catalogue import FunctionMistake, function_mistake
from reference.optimisers.clipping import clip_by_value

_OF = "optimisers.descent.clipped_descent_step"
_descent: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)

Named = Mapping[str, Tensor]


@_descent(
    "descent.plus_sign",
    "Clipped step up the slope",
    formula="w' = w + η g'",
    did="You add the gradient, so the step goes up the slope.",
    next_step="Minimise w² from w = 1 with your step and print the first ten values.",
    severity="minor",
)
def plus_sign(parameters: Named, gradients: Named, eta: float, N: float) -> dict[str, Tensor]:
    clipped = clip_by_value(gradients, N)
    return {name: w + eta * clipped[name] for name, w in parameters.items()}


@_descent(
    "descent.not_clipped",
    "Step with gradients that were not clipped",
    formula="w' = w − η g",
    did="Your step uses the gradients as they came; clipped ones were asked for.",
    next_step="Give one gradient an element of 1000 and print how far its parameter moves.",
)
def not_clipped(parameters: Named, gradients: Named, eta: float, N: float) -> dict[str, Tensor]:
    return {name: w - eta * gradients[name] for name, w in parameters.items()}


@_descent(
    "descent.clipped_after_rate",
    "Clipped after the learning rate was applied",
    formula="w' = w − min(max(η g, −N), N)",
    did="You clip the whole step; a limit of N on the gradients allows steps of η N only.",
    next_step="Take one step with η = 0.1, N = 1 and a gradient of 5, and compare with 0.1.",
)
def clipped_after_rate(parameters: Named, gradients: Named, eta: float, N: float) -> dict[str, Tensor]:
    return {name: w - (eta * gradients[name]).clamp(-N, N) for name, w in parameters.items()}


@_descent(
    "descent.rate_left_out",
    "Learning rate left out",
    formula="w' = w − g'",
    did="Your step is the gradient itself; the learning rate does not enter.",
    next_step="Take one step with η = 0.1 and one with η = 0.2 and compare the two.",
    severity="minor",
)
def rate_left_out(parameters: Named, gradients: Named, eta: float, N: float) -> dict[str, Tensor]:
    clipped = clip_by_value(gradients, N)
    return {name: w - clipped[name] for name, w in parameters.items()}


@_descent(
    "descent.not_moved",
    "Parameters left as they were",
    formula="w' = w",
    did="Your function returns the parameters that it was given; no step was taken.",
    next_step="Print one parameter before and after the call.",
)
def not_moved(parameters: Named, gradients: Named, eta: float, N: float) -> dict[str, Tensor]:
    return dict(parameters)
