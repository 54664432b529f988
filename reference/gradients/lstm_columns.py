"""The long short-term memory cell in NumPy, examples in columns: forward, one step and a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from reference.gradients.rnn_columns import Array
from reference.gradients.shapes import check_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTMWeights:
    """What is learned; each W acts on the state above the input, [a; x]."""

    W_f: Float64[Array, "hidden joined"]
    W_u: Float64[Array, "hidden joined"]
    W_c: Float64[Array, "hidden joined"]
    W_o: Float64[Array, "hidden joined"]
    b_f: Float64[Array, "hidden 1"]
    b_u: Float64[Array, "hidden 1"]
    b_c: Float64[Array, "hidden 1"]
    b_o: Float64[Array, "hidden 1"]

    def __post_init__(self) -> None:
        check_shapes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTMCache:
    """What the backward pass of one step needs."""

    a_next: Float64[Array, "hidden batch"]
    c_next: Float64[Array, "hidden batch"]
    a_prev: Float64[Array, "hidden batch"]
    c_prev: Float64[Array, "hidden batch"]
    f: Float64[Array, "hidden batch"]
    """Forget gate Γ_f."""
    u: Float64[Array, "hidden batch"]
    """Update gate Γ_u, elsewhere called the input gate."""
    c_tilde: Float64[Array, "hidden batch"]
    """Candidate c̃, a value of tanh already."""
    o: Float64[Array, "hidden batch"]
    """Output gate Γ_o."""
    x: Float64[Array, "input batch"]
    weights: LSTMWeights

    def __post_init__(self) -> None:
        check_shapes(self)
        found, wanted = self.weights.W_f.shape[1], self.a_prev.shape[0] + self.x.shape[0]
        if found != wanted:
            raise ValueError(f"W_f has {found} columns; wanted {wanted}, one for each row of [a; x]")

    @property
    def joined(self) -> Float64[Array, "joined batch"]:
        """[a_prev; x]: the state above the input."""
        return np.concatenate([self.a_prev, self.x], axis=0)


def sigmoid(a: Float64[Array, "hidden batch"]) -> Float64[Array, "hidden batch"]:
    """σ by way of tanh, which does not overflow."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def lstm_cell_forward(
    x: Float64[Array, "input batch"],
    a_prev: Float64[Array, "hidden batch"],
    c_prev: Float64[Array, "hidden batch"],
    weights: LSTMWeights,
) -> LSTMCache:
    r"""One step of the cell; the new states are in the cache.

    Equations
        Γ_f = σ(W_f [a; x] + b_f)      Γ_u = σ(W_u [a; x] + b_u)      Γ_o = σ(W_o [a; x] + b_o)
        c̃   = tanh(W_c [a; x] + b_c)
        c'  = Γ_f ⊙ c + Γ_u ⊙ c̃
        a'  = Γ_o ⊙ tanh(c')

    Shapes      x (n_x, m) · a, c, a', c', Γ_*, c̃ (n_a, m) · W_* (n_a, n_a + n_x) · b_* (n_a, 1)
    Source      Hochreiter and Schmidhuber 1997, "Long short-term memory", Neural Computation 9(8); Gers, Schmidhuber
                and Cummins 2000, "Learning to forget", for the forget gate.
    Departures  Examples stand in columns; a is elsewhere called h, and Γ_u the input gate.
    Numerics    σ(a) = (1 + tanh(a/2)) / 2, which overflows nowhere; float64.
    Oracle      torch.nn.LSTMCell, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    reference/mistakes/lstm_*.py, for the cell.
    """
    joined = np.concatenate([a_prev, x], axis=0)  # (n_a + n_x, m)
    f = sigmoid(weights.W_f @ joined + weights.b_f)  # (n_a, m), as the next three
    u = sigmoid(weights.W_u @ joined + weights.b_u)
    c_tilde = np.tanh(weights.W_c @ joined + weights.b_c)
    o = sigmoid(weights.W_o @ joined + weights.b_o)
    c_next = f * c_prev + u * c_tilde
    return LSTMCache(
        a_next=o * np.tanh(c_next),
        c_next=c_next,
        a_prev=a_prev,
        c_prev=c_prev,
        f=f,
        u=u,
        c_tilde=c_tilde,
        o=o,
        x=x,
        weights=weights,
    )


def lstm_forward(
    x: Float64[Array, "input batch steps"],
    a_0: Float64[Array, "hidden batch"],
    c_0: Float64[Array, "hidden batch"],
    weights: LSTMWeights,
) -> list[LSTMCache]:
    r"""All steps of a sequence; the states are in the caches, one for each step.

    Equations
        a<t>, c<t> = lstm_cell_forward(x<t>, a<t−1>, c<t−1>)       t = 1 … T

    Shapes      x (n_x, m, T) · a_0, c_0 (n_a, m) · T caches
    Source      Hochreiter and Schmidhuber 1997, "Long short-term memory", Neural Computation 9(8).
    Departures  Time is the last axis of x; the first cell state may be any, where coursework often fixes it to zero.
    Numerics    float64
    Oracle      torch.nn.LSTM, |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    The cell state not carried on; the hidden state carried on in its place.
    """
    caches: list[LSTMCache] = []
    a, c = a_0, c_0
    for t in range(x.shape[2]):
        caches.append(lstm_cell_forward(x[:, :, t], a, c, weights))
        a, c = caches[-1].a_next, caches[-1].c_next
    return caches
