"""Named mistakes of a step of Adam. Each takes what `adam_step` takes and returns what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import Tensor

from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake
from reference.optimisers.adam import AdamSettings, AdamState, adam_step

_OF = "optimisers.adam.adam_step"
_adam: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)

Result = tuple[Tensor, AdamState]


def _means(g: Tensor, state: AdamState, settings: AdamSettings) -> AdamState:
    return AdamState(
        m=settings.beta_1 * state.m + (1 - settings.beta_1) * g,
        v=settings.beta_2 * state.v + (1 - settings.beta_2) * g * g,
        t=state.t + 1,
    )


def _m_hat(now: AdamState, settings: AdamSettings) -> Tensor:
    return now.m / (1 - settings.beta_1**now.t)


def _v_hat(now: AdamState, settings: AdamSettings) -> Tensor:
    return now.v / (1 - settings.beta_2**now.t)


@_adam(
    "adam.correct",
    "Adam",
    formula="w' = w − η m̂ / (√v̂ + ε),  m̂ = m' / (1 − β₁^t'),  v̂ = v' / (1 − β₂^t')",
    did="Your step is the standard one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    return adam_step(w, g, state, settings)


@_adam(
    "adam.no_bias_corr",
    "No correction of either mean",
    formula="w' = w − η m' / (√v' + ε)",
    did="You use both means as they are; they start from zero and are too small in the first steps.",
    next_step="Feed the constant gradient 1 and print m and √v for the first five steps.",
)
def no_bias_corr(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    now = _means(g, state, settings)
    return w - settings.eta * now.m / (now.v.sqrt() + settings.eps), now


@_adam(
    "adam.no_m_corr",
    "Mean of the gradients not corrected",
    formula="m̂ = m'",
    did="You correct the mean of the squares, but not that of the gradients, so the first steps are too short.",
    next_step="Feed the constant gradient 1 and print m̂ for the first five steps.",
)
def no_m_corr(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    now = _means(g, state, settings)
    return w - settings.eta * now.m / (_v_hat(now, settings).sqrt() + settings.eps), now


@_adam(
    "adam.no_v_corr",
    "Mean of the squares not corrected",
    formula="v̂ = v'",
    did="You correct the mean of the gradients, but not that of the squares, so the first steps are too long.",
    next_step="Feed the constant gradient 1 and print √v̂ for the first five steps.",
)
def no_v_corr(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    now = _means(g, state, settings)
    return w - settings.eta * _m_hat(now, settings) / (now.v.sqrt() + settings.eps), now


@_adam(
    "adam.corr_no_power",
    "Correction without the power of the step",
    formula="m̂ = m' / (1 − β₁),  v̂ = v' / (1 − β₂)",
    did="Your corrections stay the same in every step; they should fade as the means fill.",
    next_step="Feed the constant gradient 1 and print m̂ for the first five steps.",
)
def corr_no_power(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    now = _means(g, state, settings)
    m_hat, v_hat = now.m / (1 - settings.beta_1), now.v / (1 - settings.beta_2)
    return w - settings.eta * m_hat / (v_hat.sqrt() + settings.eps), now


@_adam(
    "adam.betas_swapped",
    "β₁ and β₂ exchanged",
    formula="m' = β₂ m + (1 − β₂) g,  v' = β₁ v + (1 − β₁) g²",
    did="You average the gradients with β₂ and their squares with β₁.",
    next_step="Feed one gradient of 1 and then zeros, and print after how many steps m has halved.",
    severity="minor",
)
def betas_swapped(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    return adam_step(w, g, state, replace(settings, beta_1=settings.beta_2, beta_2=settings.beta_1))


@_adam(
    "adam.no_sqrt",
    "Root left out",
    formula="w' = w − η m̂ / (v̂ + ε)",
    did="You divide by the mean square itself, so large gradients give small steps and small ones huge steps.",
    next_step="Multiply all gradients by 10 and compare the length of the first step.",
)
def no_sqrt(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    now = _means(g, state, settings)
    return w - settings.eta * _m_hat(now, settings) / (_v_hat(now, settings) + settings.eps), now


@_adam(
    "adam.eps_inside",
    "ε under the root",
    formula="w' = w − η m̂ / √(v̂ + ε)",
    did="You add ε under the root; at the usual ε the steps are the same but for rounding.",
    next_step="Compare both forms at ε = 0.01 for a gradient near 0.",
    effect="equivalent",
    severity="minor",
)
def eps_inside(w: Tensor, g: Tensor, state: AdamState, settings: AdamSettings) -> Result:
    now = _means(g, state, settings)
    return w - settings.eta * _m_hat(now, settings) / (_v_hat(now, settings) + settings.eps).sqrt(), now


COLLISIONS = (
    Collision(
        same=("adam.correct", "adam.corr_no_power", "adam.betas_swapped"),
        condition="the step is the first one",
        case="first step",
    ),
    Collision(same=("adam.correct", "adam.eps_inside"), condition="ε is tiny beside the gradients", case="tiny eps"),
    Collision(same=("adam.correct", "adam.betas_swapped"), condition="β₁ and β₂ are equal", case="equal betas"),
    Collision(
        same=(
            "adam.correct",
            "adam.no_bias_corr",
            "adam.no_m_corr",
            "adam.no_v_corr",
            "adam.corr_no_power",
            "adam.betas_swapped",
        ),
        condition="β₁ and β₂ are 0, so that each mean is its newest value",
        case="betas of 0",
    ),
)
