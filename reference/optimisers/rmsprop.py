"""The step of RMSProp."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Values = Float[Tensor, "*shape"]
"""A parameter, its gradient, or a mean over its gradients: all of one shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RMSPropSettings:
    """The three constants of the method."""

    eta: float = 0.01
    """Learning rate η."""
    alpha: float = 0.99
    """Share α of the old mean that is kept."""
    eps: float = 1e-8
    """ε, added to the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RMSPropState:
    """What is carried from step to step."""

    r: Tensor
    """Running mean of the squared gradients; zeros before the first step."""
    u: Tensor
    """The last update; zeros before the first step. The method itself never reads it."""


DEFAULTS = RMSPropSettings()


def rmsprop_start(w: Values) -> RMSPropState:
    """The state before the first step of a parameter."""
    return RMSPropState(r=torch.zeros_like(w), u=torch.zeros_like(w))


def rmsprop_step(
    w: Values, g: Values, state: RMSPropState, settings: RMSPropSettings = DEFAULTS
) -> tuple[Values, RMSPropState]:
    r"""One step of RMSProp for one parameter.

    Equations
        r' = α r + (1 − α) g ⊙ g
        u  = −η g / (√r' + ε)
        w' = w + u

    Shapes      w, w', g, r, r', u: any one shape, elementwise throughout · η, α, ε numbers
    Source      Tieleman and Hinton 2012, "Lecture 6.5 - rmsprop", Neural Networks for Machine Learning (no paper, so no
                arXiv version); written as r, u and ε in Goodfellow, Bengio and Courville 2016, algorithm 8.5.
    Departures  ε is added to the root, as torch does; algorithm 8.5 adds it to r' under the root (rms.eps_inside).
                No momentum and no centring.
    Numerics    The dtype of w; √0 + ε with ε > 0 keeps the first step finite where a gradient is 0.
    Oracle      torch.optim.RMSprop, |Δ| ≤ 1e-12 over several steps (tests/unit/reference/test_optimisers.py).
    Mistakes    reference/mistakes/optimisers_rmsprop.py: factor g left out, η applied twice, root or square left out.
    """
    r = settings.alpha * state.r + (1 - settings.alpha) * g * g
    u = -settings.eta * g / (r.sqrt() + settings.eps)
    return w + u, RMSPropState(r=r, u=u)
