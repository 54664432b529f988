"""The six weight gradients of a gated recurrent unit over two steps."""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from reference.gradients.gru_case import GRUCase, GRUStep, Slope, gru_two_steps, logistic_slope

GRU_ITEMS = ("dW_xz", "dW_hz", "dW_xg", "dW_hg", "dW_xr", "dW_hr")
"""The parts a to f, in the order in which they are asked for."""


def gru_loss(case: GRUCase) -> Float64[Tensor, ""]:
    r"""The loss whose gradients are asked for.

    Equations
        ε_2 = ½ Σ (h_2 − y_2)²      summed over the units

    Shapes      h_2, y_2 (n,) · ε_2 ()
    Source      none; a squared error, as the coursework gives it.
    Departures  The coursework writes it for one unit; several add up.
    Numerics    float64
    Oracle      Its difference quotients are the total gradients (tests/unit/reference/test_gradients_gru.py).
    Mistakes    none here; the named ones are in the gradients.
    """
    return 0.5 * ((gru_two_steps(case)[1].h - case.y_2) ** 2).sum()


def gru_pre_activations(
    case: GRUCase,
    step: GRUStep,
    delta: Float64[Tensor, " hidden"],
    sigmoid_slope: Slope = logistic_slope,
) -> dict[str, Float64[Tensor, " hidden"]]:
    """Gradients with respect to what σ and tanh are applied to, keyed z, g and r; `delta` is that of the new state.

    `sigmoid_slope` is σ' from the value of σ: another than the right one where it should be followed through.
    """
    d_z = delta * step.turn * sigmoid_slope(step.z)
    d_g = delta * step.take * (1 - step.g**2)
    d_r = (case.W_hg @ d_g) * step.h_prev * sigmoid_slope(step.r)
    return {"z": d_z, "g": d_g, "r": d_r}


def gru_step_gradients(
    step: GRUStep, d: dict[str, Float64[Tensor, " hidden"]]
) -> dict[str, Float64[Tensor, "rows hidden"]]:
    """What one step adds to each weight's gradient: what the weight multiplies, outer the pre-activation's gradient."""
    return {
        "dW_xz": torch.outer(step.x, d["z"]),
        "dW_hz": torch.outer(step.h_prev, d["z"]),
        "dW_xg": torch.outer(step.x, d["g"]),
        "dW_hg": torch.outer(step.r * step.h_prev, d["g"]),
        "dW_xr": torch.outer(step.x, d["r"]),
        "dW_hr": torch.outer(step.h_prev, d["r"]),
    }


def gru_state_gradient(
    case: GRUCase,
    step: GRUStep,
    delta: Float64[Tensor, " hidden"],
    d: dict[str, Float64[Tensor, " hidden"]],
) -> Float64[Tensor, " hidden"]:
    """The gradient with respect to the old state: its four ways into the new one."""
    return delta * step.keep + case.W_hz @ d["z"] + case.W_hr @ d["r"] + step.r * (case.W_hg @ d["g"])


def gru_gradients(case: GRUCase) -> dict[str, Float64[Tensor, "rows columns"]]:
    r"""The gradients of ε_2 with respect to the six weights, local or total.

    Equations
        δ  = ∂ε_2/∂h_2 = h_2 − y_2
        dz = δ ⊙ (h_1 − g_2) ⊙ z_2 (1 − z_2)            with respect to W_xzᵀ x_2 + …
        dg = δ ⊙ (1 − z_2) ⊙ (1 − g_2²)
        dr = (W_hg dg) ⊙ h_1 ⊙ r_2 (1 − r_2)
        a  dW_xz = x_2 dzᵀ      c  dW_xg = x_2 dgᵀ           e  dW_xr = x_2 drᵀ
        b  dW_hz = h_1 dzᵀ      d  dW_hg = (r_2 ⊙ h_1) dgᵀ   f  dW_hr = h_1 drᵀ
        total: the same six at the first step are added, with x_1, h_0 and
        δ_1 = δ ⊙ z_2 + W_hz dz + W_hr dr + r_2 ⊙ (W_hg dg)

    Shapes      δ, dz, dg, dr (n,) · dW_x* (d, n) · dW_h* (n, n)
    Source      The chain rule over Cho et al. 2014, arXiv:1406.1078v3, section 2.3.
    Departures  z_2 and 1 − z_2, and the sign of h_1 − g_2, change places in update convention 2.
                Where the case has a `sigmoid_slope` of its own, that stands in the place of σ (1 − σ).
    Numerics    float64; all slopes are taken from the values of σ and tanh.
    Oracle      torch.autograd, relative |Δ| ≤ 1e-12, with h_1 detached for the local gradients
                (tests/unit/reference/test_gradients_gru.py).
    Mistakes    reference/mistakes/gradients_tau_*.py: σ' with a square, 1 − g for 1 − g², W_hg on the wrong factor.
    """
    first, second = gru_two_steps(case)
    delta = second.h - case.y_2  # (n,)
    d = gru_pre_activations(case, second, delta, case.sigmoid_slope)
    found = gru_step_gradients(second, d)
    if case.scope == "local":
        return found
    delta_1 = gru_state_gradient(case, second, delta, d)  # (n,)
    earlier = gru_step_gradients(first, gru_pre_activations(case, first, delta_1, case.sigmoid_slope))
    return {item: found[item] + earlier[item] for item in GRU_ITEMS}
