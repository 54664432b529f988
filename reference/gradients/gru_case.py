"""A gated recurrent unit over two steps, with a squared error at the second: what gradients are taken of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float64
from torch import Tensor

from reference.gradients.shapes import check_shapes

Slope = Callable[[Tensor], Tensor]
"""A derivative of σ at some a, computed from the value s = σ(a)."""


def logistic_slope(s: Float64[Tensor, " hidden"]) -> Float64[Tensor, " hidden"]:
    """Slope σ' = σ (1 − σ), from the value of σ."""
    return s * (1 - s)


@dataclass(frozen=True, slots=True, kw_only=True)
class GRUCase:
    """Weights, two inputs, a first state and a target; which gradient is meant."""

    W_xz: Float64[Tensor, "input hidden"]
    W_hz: Float64[Tensor, "hidden hidden"]
    W_xr: Float64[Tensor, "input hidden"]
    W_hr: Float64[Tensor, "hidden hidden"]
    W_xg: Float64[Tensor, "input hidden"]
    W_hg: Float64[Tensor, "hidden hidden"]
    b_z: Float64[Tensor, " hidden"]
    b_r: Float64[Tensor, " hidden"]
    b_g: Float64[Tensor, " hidden"]
    x_1: Float64[Tensor, " input"]
    x_2: Float64[Tensor, " input"]
    h_0: Float64[Tensor, " hidden"]
    y_2: Float64[Tensor, " hidden"]
    scope: Literal["local", "total"] = "local"
    """`local`: h_1 is held constant; `total`: the weights also act through h_1."""
    update: Literal["1", "2"] = "1"
    """1: h' = z ⊙ h + (1 − z) ⊙ g; 2: h' = (1 − z) ⊙ h + z ⊙ g."""
    sigmoid_slope: Slope = logistic_slope
    """Another derivative of σ, where one was derived before and should be followed through."""

    def __post_init__(self) -> None:
        check_shapes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class GRUStep:
    """The values of one step."""

    x: Float64[Tensor, " input"]
    h_prev: Float64[Tensor, " hidden"]
    r: Float64[Tensor, " hidden"]
    z: Float64[Tensor, " hidden"]
    g: Float64[Tensor, " hidden"]
    keep: Float64[Tensor, " hidden"]
    """What the old state is multiplied by: z, or 1 − z in update convention 2."""
    take: Float64[Tensor, " hidden"]
    """What the candidate is multiplied by: 1 − z, or z in update convention 2."""
    turn: Float64[Tensor, " hidden"]
    """∂h/∂z: h_prev − g, or g − h_prev in update convention 2."""
    h: Float64[Tensor, " hidden"]


def gru_step_values(case: GRUCase, x: Float64[Tensor, " input"], h_prev: Float64[Tensor, " hidden"]) -> GRUStep:
    r"""One step of the unit, with everything that its derivatives need.

    Equations
        z = σ(W_xzᵀ x + W_hzᵀ h + b_z)              r = σ(W_xrᵀ x + W_hrᵀ h + b_r)
        g = tanh(W_xgᵀ x + W_hgᵀ (r ⊙ h) + b_g)     reset before the product
        h' = z ⊙ h + (1 − z) ⊙ g                    update convention 1
        h' = (1 − z) ⊙ h + z ⊙ g                    update convention 2

    Shapes      x (d,) · h, h', z, r, g, b_* (n,) · W_x* (d, n) · W_h* (n, n)
    Source      Cho et al. 2014, arXiv:1406.1078v3, section 2.3.
    Departures  Biases are added; weights stand transposed, so that W_x* is (d, n); g is their candidate h̃.
    Numerics    σ in torch's stable form; float64.
    Oracle      reference.cells.gru_step with the reset before the product, |Δ| ≤ 1e-12
                (tests/unit/reference/test_gradients_gru.py).
    Mistakes    reference/mistakes/gru_*.py, for the cell.
    """
    z = torch.sigmoid(case.W_xz.mT @ x + case.W_hz.mT @ h_prev + case.b_z)
    r = torch.sigmoid(case.W_xr.mT @ x + case.W_hr.mT @ h_prev + case.b_r)
    g = torch.tanh(case.W_xg.mT @ x + case.W_hg.mT @ (r * h_prev) + case.b_g)
    keep, take = (z, 1 - z) if case.update == "1" else (1 - z, z)
    turn = h_prev - g if case.update == "1" else g - h_prev
    return GRUStep(x=x, h_prev=h_prev, r=r, z=z, g=g, keep=keep, take=take, turn=turn, h=keep * h_prev + take * g)


def gru_two_steps(case: GRUCase) -> tuple[GRUStep, GRUStep]:
    """The values of both steps."""
    first = gru_step_values(case, case.x_1, case.h_0)
    return first, gru_step_values(case, case.x_2, first.h)
