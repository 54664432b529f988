"""A plain recurrent network over one sequence, with softmax and cross-entropy: what gradients are taken of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float64
from torch import Tensor

from reference.gradients.shapes import check_shapes

ScoreError = Callable[[Tensor, Tensor], Tensor]
"""The gradient of one step's loss with respect to its scores p, computed from p and y."""


def softmax_error(p: Float64[Tensor, " classes"], y: Float64[Tensor, " classes"]) -> Float64[Tensor, " classes"]:
    """Gradient ∂L(t)/∂p = softmax(p) − y, for a y that adds up to 1."""
    return torch.softmax(p, dim=0) - y


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNCase:
    """Weights, one sequence, its targets, and which loss is meant."""

    W_x: Float64[Tensor, "hidden input"]
    W_h: Float64[Tensor, "hidden hidden"]
    b_h: Float64[Tensor, " hidden"]
    W_p: Float64[Tensor, "classes hidden"]
    b_p: Float64[Tensor, " classes"]
    x: Float64[Tensor, "steps input"]
    y: Float64[Tensor, "steps classes"]
    """A target for each step: one-hot, or any distribution over the classes."""
    h_0: Float64[Tensor, " hidden"]
    loss: Literal["last", "sum"] = "sum"
    """`last`: the cross-entropy of the last step, L(T); `sum`: of all steps, Σ_t L(t)."""
    score_error: ScoreError = softmax_error
    """Another gradient of the scores, where one was derived before and should be followed through."""

    def __post_init__(self) -> None:
        check_shapes(self)
        totals = self.y.sum(dim=1)
        if bool((totals - 1).abs().gt(1e-9).any()):
            raise ValueError(f"each row of y should add up to 1; found {[round(float(total), 4) for total in totals]}")

    @property
    def steps(self) -> int:
        """Length of the sequence, T."""
        return self.x.shape[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNRun:
    """What the forward pass gives."""

    h: Float64[Tensor, "states hidden"]
    """The states h_0 … h_T: one more than there are steps, so that h[t] is the state after step t."""
    p: Float64[Tensor, "steps classes"]
    """The scores; row t − 1 belongs to step t."""
    y_hat: Float64[Tensor, "steps classes"]
    """The probabilities; row t − 1 belongs to step t."""


def rnn_run(case: RNNCase) -> RNNRun:
    r"""The forward pass of the network.

    Equations
        h_t = tanh(W_x x_t + W_h h_{t−1} + b_h)     t = 1 … T
        p_t = W_p h_t + b_p,  ŷ_t = softmax(p_t)

    Shapes      x (T, d) · h (T + 1, n) · p, ŷ (T, K) · W_x (n, d) · W_h (n, n) · W_p (K, n) · b_h (n,) · b_p (K,)
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2, eq. 10.8–10.11.
    Departures  Their U, W, V, b, c are W_x, W_h, W_p, b_h, b_p here.
    Numerics    softmax in torch's stable form; float64.
    Oracle      torch.nn.RNNCell and torch.nn.functional.cross_entropy, |Δ| ≤ 1e-12
                (tests/unit/reference/test_gradients_rnn.py).
    Mistakes    reference/mistakes/rnn.py, for the cell.
    """
    states = [case.h_0]
    for x_t in case.x:
        states.append(torch.tanh(case.W_x @ x_t + case.W_h @ states[-1] + case.b_h))  # (n,)
    h = torch.stack(states)  # (T + 1, n)
    p = h[1:] @ case.W_p.mT + case.b_p  # (T, K)
    return RNNRun(h=h, p=p, y_hat=torch.softmax(p, dim=1))


def rnn_loss(case: RNNCase) -> Float64[Tensor, ""]:
    r"""The loss whose gradients are asked for.

    Equations
        L(t) = −Σ_k y_tk log ŷ_tk
        L    = Σ_t L(t), or L(T) alone where the case says `last`

    Shapes      y, ŷ (T, K) · L ()
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2, eq. 10.12–10.14.
    Departures  A sum over the steps, no mean: a mean is 1/T of it.
    Numerics    log-softmax in torch's stable form, never the log of a probability; float64.
    Oracle      torch.nn.functional.cross_entropy, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_rnn.py).
    Mistakes    none here; the named ones are in the gradients.
    """
    losses = -(case.y * torch.log_softmax(rnn_run(case).p, dim=1)).sum(dim=1)  # (T,)
    return losses[-1] if case.loss == "last" else losses.sum()
