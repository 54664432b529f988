"""Named mistakes of a step of RMSProp. Each takes what `rmsprop_step` takes and returns what it returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake
from reference.optimisers.rmsprop import RMSPropSettings, RMSPropState, rmsprop_step

_OF = "optimisers.rmsprop.rmsprop_step"
_rms: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)

Result = tuple[Tensor, RMSPropState]


def _mean(g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Tensor:
    return settings.alpha * state.r + (1 - settings.alpha) * g * g


def _moved(w: Tensor, u: Tensor, r: Tensor) -> Result:
    return w + u, RMSPropState(r=r, u=u)


@_rms(
    "rms.correct",
    "RMSProp",
    formula="r' = α r + (1 − α) g²,  w' = w − η g / (√r' + ε)",
    did="Your step is the standard one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    return rmsprop_step(w, g, state, settings)


@_rms(
    "rms.no_gradient",
    "Update without the gradient",
    formula="u = −η / (√r' + ε)",
    did="The gradient itself is not in your update, so every step has the same sign, whatever the slope.",
    next_step="Turn the sign of the gradient and look whether your weight moves the other way.",
)
def no_gradient(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, -settings.eta / (r.sqrt() + settings.eps), r)


@_rms(
    "rms.eta_twice",
    "Learning rate applied twice",
    formula="u = −η g / (√r' + ε),  w' = w + η u",
    did="You multiply by the learning rate in the update and once more where the update is added.",
    next_step="Double η and look by which factor the first step grows.",
)
def eta_twice(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, -(settings.eta**2) * g / (r.sqrt() + settings.eps), r)


@_rms(
    "rms.no_gradient_and_eta_twice",
    "Update without the gradient, learning rate applied twice",
    formula="u = −η / (√r' + ε),  w' = w + η u",
    did="The gradient itself is not in your update, and you multiply by the learning rate twice.",
    next_step="Turn the sign of the gradient, then double η, and watch the first step both times.",
)
def no_gradient_and_eta_twice(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, -(settings.eta**2) / (r.sqrt() + settings.eps), r)


@_rms(
    "rms.momentum",
    "RMSProp with momentum",
    formula="u' = 0.9 u − η g / (√r' + ε)",
    did="You keep a share of the last update; plain RMSProp averages squared gradients, never the gradients.",
    next_step="After some steps set the gradient to 0 and look whether your weight still moves.",
)
def momentum(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, 0.9 * state.u - settings.eta * g / (r.sqrt() + settings.eps), r)


@_rms(
    "rms.plus_sign",
    "Step up the slope",
    formula="w' = w + η g / (√r' + ε)",
    did="You add the scaled gradient, so the step goes up the slope.",
    next_step="Minimise w² from w = 1 with your step and print the first ten values.",
    severity="minor",
)
def plus_sign(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, settings.eta * g / (r.sqrt() + settings.eps), r)


@_rms(
    "rms.no_square",
    "Mean of the gradients instead of their squares",
    formula="r' = α r + (1 − α) g,  w' = w − η g / (√|r'| + ε)",
    did="Your running mean is one of gradients, so gradients of both signs cancel in the denominator.",
    next_step="Feed the gradients 1, −1, 1, −1 and print r after each step.",
)
def no_square(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = settings.alpha * state.r + (1 - settings.alpha) * g
    return _moved(w, -settings.eta * g / (r.abs().sqrt() + settings.eps), r)


@_rms(
    "rms.no_sqrt",
    "Root left out",
    formula="w' = w − η g / (r' + ε)",
    did="You divide by the mean square itself, so large gradients give small steps and small ones huge steps.",
    next_step="Multiply all gradients by 10 and compare the length of the first step.",
)
def no_sqrt(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, -settings.eta * g / (r + settings.eps), r)


@_rms(
    "rms.alpha_swapped",
    "Weights of the running mean exchanged",
    formula="r' = (1 − α) r + α g²",
    did="With α = 0.99 your mean keeps 1 % of the past and takes 99 % of the newest square.",
    next_step="Feed one gradient of 1 and then zeros, and print r for ten steps.",
)
def alpha_swapped(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = (1 - settings.alpha) * state.r + settings.alpha * g * g
    return _moved(w, -settings.eta * g / (r.sqrt() + settings.eps), r)


@_rms(
    "rms.eps_inside",
    "ε under the root",
    formula="w' = w − η g / √(r' + ε)",
    did="You add ε under the root, as some books do; at the usual ε the steps are the same but for rounding.",
    next_step="Compare both forms at ε = 0.01 for a gradient near 0.",
    effect="equivalent",
    severity="minor",
)
def eps_inside(w: Tensor, g: Tensor, state: RMSPropState, settings: RMSPropSettings) -> Result:
    r = _mean(g, state, settings)
    return _moved(w, -settings.eta * g / (r + settings.eps).sqrt(), r)


COLLISIONS = (
    Collision(same=("rms.correct", "rms.momentum"), condition="the step is the first one", case="first step"),
    Collision(same=("rms.correct", "rms.eps_inside"), condition="ε is tiny beside the gradients", case="tiny eps"),
    Collision(
        same=("rms.correct", "rms.eta_twice"),
        condition="the learning rate is 1",
        case="learning rate 1",
    ),
    Collision(
        same=("rms.no_gradient", "rms.no_gradient_and_eta_twice"),
        condition="the learning rate is 1",
        case="learning rate 1",
    ),
    Collision(
        same=("rms.correct", "rms.no_gradient", "rms.no_square"),
        condition="every gradient is 1",
        case="gradients of 1",
    ),
    Collision(
        same=("rms.eta_twice", "rms.no_gradient_and_eta_twice"),
        condition="every gradient is 1",
        case="gradients of 1",
    ),
    Collision(same=("rms.correct", "rms.alpha_swapped"), condition="α is one half", case="alpha one half"),
)
