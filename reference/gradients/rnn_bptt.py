"""Gradients of a plain recurrent network by backpropagation through time."""

from __future__ import annotations

import torch
from jaxtyping import Float64
from torch import Tensor

from reference.gradients.rnn_case import RNNCase, RNNRun, rnn_run

RNN_ITEMS = ("dy_dp", "dW_p", "db_p", "dW_h", "dW_x", "db_h")
"""What a derivation is asked for, by the names that the functions below give to it."""


def softmax_jacobian(y_hat: Float64[Tensor, " classes"]) -> Float64[Tensor, "classes classes"]:
    r"""Derivative of every probability of a softmax with respect to every score.

    Equations
        ∂ŷ_k/∂p_j = ŷ_k (δ_kj − ŷ_j)

    Shapes      ŷ (K,) · result (K, K), row k and column j
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 6.2.2.3, for the softmax; the
                derivative follows from the quotient rule.
    Departures  none
    Numerics    Taken from ŷ, so that no exponential is computed again; float64.
    Oracle      torch.autograd.functional.jacobian, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_rnn.py).
    Mistakes    uva.softmax_denominator_unsquared.
    """
    return torch.diag(y_hat) - torch.outer(y_hat, y_hat)


def output_errors(case: RNNCase, run: RNNRun) -> Float64[Tensor, "steps classes"]:
    """The gradient of the loss with respect to the scores, ŷ − y; zero at a step whose loss does not count."""
    d_p = torch.stack([case.score_error(p_t, y_t) for p_t, y_t in zip(run.p, case.y, strict=True)])  # (T, K)
    if case.loss == "last":
        d_p = torch.cat([torch.zeros_like(d_p[:-1]), d_p[-1:]])
    return d_p


def rnn_gradients(case: RNNCase) -> dict[str, Float64[Tensor, "*_"]]:
    r"""The gradients of the loss, gathered from the last step to the first.

    Equations
        d_p(t) = ŷ_t − y_t                                where L(t) counts, else 0
        d_h(t) = W_pᵀ d_p(t) + W_hᵀ d_l(t+1)              d_l(T+1) = 0
        d_l(t) = d_h(t) ⊙ (1 − h_t²)                      l_t = W_x x_t + W_h h_{t−1} + b_h
        dW_p = Σ_t d_p(t) h_tᵀ                            db_p = Σ_t d_p(t)
        dW_h = Σ_t d_l(t) h_{t−1}ᵀ                        dW_x = Σ_t d_l(t) x_tᵀ,  db_h = Σ_t d_l(t)
        dy_dp = ∂ŷ_T/∂p_T

    Shapes      d_p (K,) · d_h, d_l (n,) · each gradient has the shape of its weight · dy_dp (K, K)
    Source      Werbos 1990, "Backpropagation through time: what it does and how to do it", Proceedings of the IEEE
                78(10); Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2.2.
    Departures  dy_dp is no gradient of the loss; it is the first factor of the chain, and asked for beside it.
                Where the case has a `score_error` of its own, that stands in the place of ŷ − y.
    Numerics    float64; 1 − h² is taken from h, never from l.
    Oracle      torch.autograd, relative |Δ| ≤ 1e-12, for both losses (tests/unit/reference/test_gradients_rnn.py).
    Mistakes    reference/mistakes/gradients_uva_*.py: a truncated sum, slopes of tanh taken of the wrong thing,
                W_h not transposed, softmax left out of d_p.
    """
    run = rnn_run(case)
    d_p = output_errors(case, run)
    dW_h, dW_x, db_h = (torch.zeros_like(weight) for weight in (case.W_h, case.W_x, case.b_h))
    d_l = torch.zeros_like(case.h_0)  # (n,)
    for t in range(case.steps, 0, -1):
        d_h = case.W_p.mT @ d_p[t - 1] + case.W_h.mT @ d_l
        d_l = d_h * (1 - run.h[t] ** 2)
        dW_h = dW_h + torch.outer(d_l, run.h[t - 1])
        dW_x = dW_x + torch.outer(d_l, case.x[t - 1])
        db_h = db_h + d_l
    return {
        "dy_dp": softmax_jacobian(run.y_hat[-1]),
        "dW_p": d_p.mT @ run.h[1:],
        "db_p": d_p.sum(dim=0),
        "dW_h": dW_h,
        "dW_x": dW_x,
        "db_h": db_h,
    }
