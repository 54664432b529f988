"""Gradients of a plain recurrent network by the forward recursion, also called real-time recurrent learning."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from reference.gradients.rnn_bptt import output_errors, softmax_jacobian
from reference.gradients.rnn_case import RNNCase, rnn_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivities:
    """How one state depends on the weights of the recurrent layer."""

    W_h: Float64[Tensor, "hidden hidden hidden"]
    """∂h_p/∂(W_h)_ij at [p, i, j]."""
    W_x: Float64[Tensor, "hidden hidden input"]
    """∂h_p/∂(W_x)_ij at [p, i, j]."""
    b_h: Float64[Tensor, "hidden hidden"]
    """∂h_p/∂(b_h)_i at [p, i]."""


def _none_yet(case: RNNCase) -> Sensitivities:
    """h_0 is given, so it depends on no weight."""
    n, d = case.W_x.shape
    return Sensitivities(W_h=case.W_h.new_zeros(n, n, n), W_x=case.W_h.new_zeros(n, n, d), b_h=case.W_h.new_zeros(n, n))


def next_sensitivities(
    before: Sensitivities,
    W_h: Float64[Tensor, "hidden hidden"],
    h: Float64[Tensor, " hidden"],
    h_prev: Float64[Tensor, " hidden"],
    x: Float64[Tensor, " input"],
) -> Sensitivities:
    """The recursion for one step: what a weight does directly, and what it did to the state before."""
    same = torch.eye(len(h), dtype=h.dtype)  # δ_pi
    slope = 1 - h**2  # (n,)
    through_W_h = torch.einsum("pi,j->pij", same, h_prev) + torch.einsum("pq,qij->pij", W_h, before.W_h)
    through_W_x = torch.einsum("pi,j->pij", same, x) + torch.einsum("pq,qij->pij", W_h, before.W_x)
    through_b_h = same + W_h @ before.b_h
    return Sensitivities(
        W_h=slope[:, None, None] * through_W_h,
        W_x=slope[:, None, None] * through_W_x,
        b_h=slope[:, None] * through_b_h,
    )


def rnn_gradients_forward(case: RNNCase) -> dict[str, Float64[Tensor, "*_"]]:
    r"""The gradients of the loss, gathered from the first step to the last.

    Equations
        ∂h_p(t)/∂(W_h)_ij = (1 − h_p(t)²) [δ_pi h_j(t−1) + Σ_q (W_h)_pq ∂h_q(t−1)/∂(W_h)_ij]
        ∂h_p(t)/∂(W_x)_ij = (1 − h_p(t)²) [δ_pi x_j(t)   + Σ_q (W_h)_pq ∂h_q(t−1)/∂(W_x)_ij]
        ∂h_p(t)/∂(b_h)_i  = (1 − h_p(t)²) [δ_pi          + Σ_q (W_h)_pq ∂h_q(t−1)/∂(b_h)_i]
        dW_h = Σ_t Σ_p (W_pᵀ d_p(t))_p ∂h_p(t)/∂W_h,  and so for W_x and b_h;  ∂h(0)/∂W = 0

    Shapes      sensitivities (n, n, n), (n, n, d), (n, n) · each gradient has the shape of its weight · dy_dp (K, K)
    Source      Williams and Zipser 1989, "A learning algorithm for continually running fully recurrent neural
                networks", Neural Computation 1(2).
    Departures  tanh and a separate output layer; the weights do not change while the sequence runs.
    Numerics    float64; it holds n³ numbers, so it is for small networks.
    Oracle      torch.autograd and `rnn_gradients`, relative |Δ| ≤ 1e-12
                (tests/unit/reference/test_gradients_rnn.py).
    Mistakes    uva.recursion_without_direct_term; uva.product_times_recursion.
    """
    run = rnn_run(case)
    d_p = output_errors(case, run)
    dW_h, dW_x, db_h = (torch.zeros_like(weight) for weight in (case.W_h, case.W_x, case.b_h))
    known = _none_yet(case)
    for t in range(1, case.steps + 1):
        known = next_sensitivities(known, case.W_h, run.h[t], run.h[t - 1], case.x[t - 1])
        d_h = case.W_p.mT @ d_p[t - 1]  # (n,): what L(t) alone asks of h_t
        dW_h = dW_h + torch.einsum("p,pij->ij", d_h, known.W_h)
        dW_x = dW_x + torch.einsum("p,pij->ij", d_h, known.W_x)
        db_h = db_h + d_h @ known.b_h
    return {
        "dy_dp": softmax_jacobian(run.y_hat[-1]),
        "dW_p": d_p.mT @ run.h[1:],
        "db_p": d_p.sum(dim=0),
        "dW_h": dW_h,
        "dW_x": dW_x,
        "db_h": db_h,
    }
