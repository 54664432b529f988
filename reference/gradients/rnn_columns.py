"""The plain recurrent cell and its softmax output in NumPy, examples in columns: one step, forward and backward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.typing import NDArray

from reference.gradients.shapes import check_shapes

Array = NDArray[np.float64]
"""NumPy, float64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNWeights:
    """What is learned."""

    W_ax: Float64[Array, "hidden input"]
    W_aa: Float64[Array, "hidden hidden"]
    W_ya: Float64[Array, "classes hidden"]
    b_a: Float64[Array, "hidden 1"]
    b_y: Float64[Array, "classes 1"]

    def __post_init__(self) -> None:
        check_shapes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RNNCache:
    """What the backward pass of one step needs."""

    a_next: Float64[Array, "hidden batch"]
    a_prev: Float64[Array, "hidden batch"]
    x: Float64[Array, "input batch"]
    y_hat: Float64[Array, "classes batch"]
    weights: RNNWeights

    def __post_init__(self) -> None:
        check_shapes(self)


def softmax_columns(scores: Float64[Array, "classes batch"]) -> Float64[Array, "classes batch"]:
    r"""Softmax of each column.

    Equations
        ŷ_k = exp(p_k) / Σ_j exp(p_j)

    Shapes      p, ŷ (n_y, m); each column adds up to 1
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 6.2.2.3.
    Departures  none
    Numerics    The largest score of a column is taken off first, so that nothing overflows; float64.
    Oracle      torch.softmax, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    Normalised along the examples, or over all entries.
    """
    e = np.exp(scores - scores.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)  # type: ignore[no-any-return]  # NumPy's division loses the type


def rnn_cell_forward(
    x: Float64[Array, "input batch"], a_prev: Float64[Array, "hidden batch"], weights: RNNWeights
) -> RNNCache:
    r"""One step of the cell, and its prediction.

    Equations
        a<t> = tanh(W_aa a<t−1> + W_ax x<t> + b_a)
        ŷ<t> = softmax(W_ya a<t> + b_y)

    Shapes      x (n_x, m) · a (n_a, m) · ŷ (n_y, m) · W_ax (n_a, n_x) · W_aa (n_a, n_a) · W_ya (n_y, n_a) ·
                b_a (n_a, 1) · b_y (n_y, 1)
    Source      Elman 1990, "Finding structure in time", Cognitive Science 14; Goodfellow, Bengio and Courville 2016,
                "Deep Learning", section 10.2, eq. 10.8–10.11.
    Departures  Examples stand in columns, so that biases are columns that are repeated.
    Numerics    Softmax after taking off the largest score of each column; float64.
    Oracle      torch.nn.RNNCell and torch.softmax, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    a<t> on both sides of the first line; softmax along the examples.
    """
    a_next = np.tanh(weights.W_aa @ a_prev + weights.W_ax @ x + weights.b_a)  # (n_a, m)
    y_hat = softmax_columns(weights.W_ya @ a_next + weights.b_y)  # (n_y, m)
    return RNNCache(a_next=a_next, a_prev=a_prev, x=x, y_hat=y_hat, weights=weights)


def rnn_cell_backward(da: Float64[Array, "hidden batch"], cache: RNNCache) -> dict[str, Float64[Array, "_ _"]]:
    r"""Gradients of one step, given that of its new state.

    Equations
        dt      = (1 − a<t>²) ⊙ da                       with respect to W_aa a<t−1> + W_ax x<t> + b_a
        dW_ax   = dt x<t>ᵀ      dW_aa = dt a<t−1>ᵀ       db_a = Σ over the examples of dt
        da_prev = W_aaᵀ dt      dx    = W_axᵀ dt

    Shapes      da, dt, da_prev (n_a, m) · dx (n_x, m) · dW_ax (n_a, n_x) · dW_aa (n_a, n_a) · db_a (n_a, 1)
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2.2.
    Departures  The loss is whatever da comes from; for several examples it is their sum, not their mean.
    Numerics    float64; the slope of tanh is taken from its value.
    Oracle      Central differences, relative |Δ| ≤ 1e-6, and torch.autograd, relative |Δ| ≤ 1e-12
                (tests/unit/reference/test_gradients_columns.py).
    Mistakes    reference/mistakes/gradients_uva_*.py names those of the same step in another notation.
    """
    dt = (1 - cache.a_next**2) * da  # (n_a, m)
    return {
        "dx": cache.weights.W_ax.T @ dt,
        "da_prev": cache.weights.W_aa.T @ dt,
        "dW_ax": dt @ cache.x.T,
        "dW_aa": dt @ cache.a_prev.T,
        "db_a": dt.sum(axis=1, keepdims=True),
    }


def rnn_output_backward(y: Float64[Array, "classes batch"], cache: RNNCache) -> dict[str, Float64[Array, "_ _"]]:
    r"""Gradients of the prediction's cross-entropy at one step.

    Equations
        L<t>  = −Σ over classes and examples of y ⊙ log ŷ<t>
        dp    = ŷ<t> − y                          with respect to W_ya a<t> + b_y
        dW_ya = dp a<t>ᵀ      db_y = Σ over the examples of dp      da = W_yaᵀ dp

    Shapes      y, dp (n_y, m) · dW_ya (n_y, n_a) · db_y (n_y, 1) · da (n_a, m)
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2.2, eq. 10.18.
    Departures  A sum over the examples, not a mean.
    Numerics    float64
    Oracle      Central differences, relative |Δ| ≤ 1e-6, and `rnn_bptt`, relative |Δ| ≤ 1e-12
                (tests/unit/reference/test_gradients_columns.py).
    Mistakes    uva.wph_no_softmax, uva.wph_sign and their like, in another notation.
    """
    dp = cache.y_hat - y  # (n_y, m)
    return {
        "dW_ya": dp @ cache.a_next.T,
        "db_y": dp.sum(axis=1, keepdims=True),
        "da": cache.weights.W_ya.T @ dp,
    }
