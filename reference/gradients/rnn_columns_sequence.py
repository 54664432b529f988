"""The plain recurrent cell of `rnn_columns` over a whole sequence, forward and backward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from reference.gradients.rnn_columns import Array, RNNCache, RNNWeights, rnn_cell_backward, rnn_cell_forward


def rnn_forward(
    x: Float64[Array, "input batch steps"], a_0: Float64[Array, "hidden batch"], weights: RNNWeights
) -> list[RNNCache]:
    r"""All steps of a sequence; states and predictions are in the caches, one for each step.

    Equations
        a<t>, ŷ<t> = rnn_cell_forward(x<t>, a<t−1>)       t = 1 … T

    Shapes      x (n_x, m, T) · a_0 (n_a, m) · T caches
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2, eq. 10.8–10.11.
    Departures  Time is the last axis of x.
    Numerics    float64
    Oracle      torch.nn.RNN, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    A state that is not carried on; x read along its second axis.
    """
    caches: list[RNNCache] = []
    a = a_0
    for t in range(x.shape[2]):
        caches.append(rnn_cell_forward(x[:, :, t], a, weights))
        a = caches[-1].a_next
    return caches


def rnn_backward(
    da: Float64[Array, "hidden batch steps"], caches: Sequence[RNNCache]
) -> dict[str, Float64[Array, "*_"]]:
    r"""Gradients of a whole sequence, given what the loss asks of each state directly.

    Equations
        step T … 1 with da<t> + da_prev<t+1>, as in rnn_cell_backward;  da_prev<T+1> = 0
        dW_ax, dW_aa, db_a = sums over the steps;  da_0 = da_prev<1>

    Shapes      da (n_a, m, T) · dx (n_x, m, T) · da_0 (n_a, m) · dW_ax (n_a, n_x) · dW_aa (n_a, n_a) · db_a (n_a, 1)
    Source      Goodfellow, Bengio and Courville 2016, "Deep Learning", section 10.2.2.
    Departures  Time is the last axis of x and da.
    Numerics    float64
    Oracle      torch.autograd over torch.nn.RNN, relative |Δ| ≤ 1e-12, and central differences, relative |Δ| ≤ 1e-6
                (tests/unit/reference/test_gradients_columns.py).
    Mistakes    da_prev<t+1> left out; gradients overwritten instead of added up.
    """
    if da.shape[2] != len(caches):
        raise ValueError(f"da has {da.shape[2]} steps; wanted one for each of the {len(caches)} caches")
    weights = caches[0].weights
    dx = np.zeros((weights.W_ax.shape[1], *da.shape[1:]))  # (n_x, m, T)
    total = {"dW_ax": np.zeros_like(weights.W_ax), "dW_aa": np.zeros_like(weights.W_aa)}
    total["db_a"] = np.zeros_like(weights.b_a)
    da_prev = np.zeros_like(caches[0].a_prev)  # (n_a, m)
    for t in reversed(range(len(caches))):
        step = rnn_cell_backward(da[:, :, t] + da_prev, caches[t])
        dx[:, :, t], da_prev = step["dx"], step["da_prev"]
        total = {name: value + step[name] for name, value in total.items()}
    return {"dx": dx, "da_0": da_prev, **total}
