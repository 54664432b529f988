"""The gate of the phased LSTM that opens and closes with time alone."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def phase(
    t: Float[Tensor, "*#units"], tau: Float[Tensor, "*#units"], s: Float[Tensor, "*#units"]
) -> Float[Tensor, "*#units"]:
    r"""Where a time lies within the period of a unit, from 0 to below 1.

    Equations
        φ = ((t − s) mod τ) / τ

    Shapes      t, τ, s, φ: any shapes that broadcast, such as t (B, 1) · τ, s (n,) · φ (B, n)
    Source      Neil, Pfeiffer and Liu 2016, arXiv:1610.09513v1, section 2, equation 6.
    Departures  none
    Numerics    mod takes the sign of τ, so φ ≥ 0 for t < s, too; float64.
    Oracle      Python's own `%` on a grid (tests/unit/reference/test_phased_gate.py).
    Mistakes    reference/mistakes/phased_lstm.py: no mod, φ not divided by τ, the shift added.
    """
    return torch.remainder(t - s, tau) / tau


def time_gate(
    t: Float[Tensor, "*#units"],
    tau: Float[Tensor, "*#units"],
    s: Float[Tensor, "*#units"],
    r_on: Float[Tensor, "*#units"],
    alpha: float = 0.0,
) -> Float[Tensor, "*#units"]:
    r"""How far a unit of a phased LSTM is open at a time.

    Equations
        φ = ((t − s) mod τ) / τ                  phase
        k = 2 φ / r_on          if φ < r_on/2            it opens
        k = 2 − 2 φ / r_on      if r_on/2 ≤ φ < r_on     it closes
        k = α φ                 otherwise                it is closed, but for a leak

    Without a leak k is a triangle of height 1 on [s, s + r_on τ), repeated with period τ: closed for (1 − r_on) τ, its
    peak at s + r_on τ / 2, its mean r_on / 2. It is piecewise differentiable in τ, s and r_on, so all three can be
    learned; r_on is usually fixed.

    Shapes      t, τ, s, r_on, k: any shapes that broadcast, such as t (B, 1) · τ, s, r_on (n,) · k (B, n) · α a number
    Source      Neil, Pfeiffer and Liu 2016, arXiv:1610.09513v1, section 2, equation 6.
    Departures  At φ = r_on/2 exactly the second line is taken; both give 1 there.
    Numerics    mod takes the sign of τ, so t < s is fine; the slope at the three corners is that of the line taken;
                float64. The leak α is about 0.001 in training and 0 in use.
    Oracle      a piecewise definition on a dense grid, derivatives worked by hand, and the mean over a period
                (tests/unit/reference/test_phased_gate.py).
    Mistakes    reference/mistakes/phased_lstm.py: the shift added, no mod, a box for the triangle, half the slope.

    Raises:
        ValueError: if a period is not positive, an open share not in (0, 1], or the leak negative.
    """
    if bool((tau <= 0).any()):
        raise ValueError(f"tau must be positive, found {float(tau.min())}")
    if bool(((r_on <= 0) | (r_on > 1)).any()):
        raise ValueError(f"r_on must lie in (0, 1], found {float(r_on.min())} to {float(r_on.max())}")
    if alpha < 0:
        raise ValueError(f"alpha must not be negative, found {alpha}")
    phi = phase(t, tau, s)
    closing = torch.where(phi < r_on, 2 - 2 * phi / r_on, alpha * phi)
    return torch.where(phi < r_on / 2, 2 * phi / r_on, closing)
