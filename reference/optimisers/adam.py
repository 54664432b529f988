"""The step of Adam."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Values = Float[Tensor, "*shape"]
"""A parameter, its gradient, or a mean over its gradients: all of one shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdamSettings:
    """The four constants of the method."""

    eta: float = 0.001
    """Learning rate η."""
    beta_1: float = 0.9
    """Share of the old mean of gradients that is kept."""
    beta_2: float = 0.999
    """Share of the old mean of squared gradients that is kept."""
    eps: float = 1e-8
    """ε, added to the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdamState:
    """What is carried from step to step."""

    m: Tensor
    """Running mean of the gradients; zeros before the first step."""
    v: Tensor
    """Running mean of the squared gradients; zeros before the first step."""
    t: int
    """Steps made so far."""


DEFAULTS = AdamSettings()


def adam_start(w: Values) -> AdamState:
    """The state before the first step of a parameter."""
    return AdamState(m=torch.zeros_like(w), v=torch.zeros_like(w), t=0)


def adam_step(w: Values, g: Values, state: AdamState, settings: AdamSettings = DEFAULTS) -> tuple[Values, AdamState]:
    r"""One step of Adam for one parameter.

    Equations
        t' = t + 1
        m' = β₁ m + (1 − β₁) g
        v' = β₂ v + (1 − β₂) g ⊙ g
        m̂  = m' / (1 − β₁^t')
        v̂  = v' / (1 − β₂^t')
        w' = w − η m̂ / (√v̂ + ε)

    Shapes      w, w', g, m, v, m̂, v̂: any one shape, elementwise throughout · t, η, β₁, β₂, ε numbers
    Source      Kingma and Ba 2015, arXiv:1412.6980v9, section 2, algorithm 1.
    Departures  none
    Numerics    The dtype of w. Both means start from zero, so that without the two corrections the first steps are too
                small in m and far too small in v; ε is added to the root, after the correction of v.
    Oracle      torch.optim.Adam, |Δ| ≤ 1e-12 over several steps (tests/unit/reference/test_optimisers.py).
    Mistakes    reference/mistakes/optimisers_adam.py: a correction left out or without its power, β₁ and β₂ exchanged.
    """
    t = state.t + 1
    m = settings.beta_1 * state.m + (1 - settings.beta_1) * g
    v = settings.beta_2 * state.v + (1 - settings.beta_2) * g * g
    m_hat = m / (1 - settings.beta_1**t)
    v_hat = v / (1 - settings.beta_2**t)
    return w - settings.eta * m_hat / (v_hat.sqrt() + settings.eps), AdamState(m=m, v=v, t=t)
