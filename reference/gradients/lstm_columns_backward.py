"""Gradients of the cell of `lstm_columns`: first those of the gates, then everything that is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float64

from reference.gradients.lstm_columns import LSTMCache
from reference.gradients.rnn_columns import Array
from reference.gradients.shapes import check_shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class GateGradients:
    """Gradients with respect to what σ or tanh is applied to in each gate, and in the candidate."""

    d_f: Float64[Array, "hidden batch"]
    d_u: Float64[Array, "hidden batch"]
    d_c: Float64[Array, "hidden batch"]
    d_o: Float64[Array, "hidden batch"]

    def __post_init__(self) -> None:
        check_shapes(self)


def cell_state_gradient(
    da_next: Float64[Array, "hidden batch"], dc_next: Float64[Array, "hidden batch"], cache: LSTMCache
) -> Float64[Array, "hidden batch"]:
    """k, the whole gradient with respect to c': through a' and from the next step."""
    through_a = cache.o * (1 - np.tanh(cache.c_next) ** 2) * da_next  # (n_a, m)
    return through_a + dc_next  # type: ignore[no-any-return]  # NumPy's power loses the type


def lstm_gate_gradients(
    da_next: Float64[Array, "hidden batch"], dc_next: Float64[Array, "hidden batch"], cache: LSTMCache
) -> GateGradients:
    r"""The gradients of the gates at one step: equations 7 to 10.

    Equations
        k   = Γ_o ⊙ (1 − tanh²(c')) ⊙ da + dc               with respect to c'
        dΓ_o = da ⊙ tanh(c') ⊙ Γ_o (1 − Γ_o)                 (7)
        dc̃   = k ⊙ Γ_u ⊙ (1 − c̃²)                            (8)
        dΓ_u = k ⊙ c̃ ⊙ Γ_u (1 − Γ_u)                         (9)
        dΓ_f = k ⊙ c_prev ⊙ Γ_f (1 − Γ_f)                    (10)

    Shapes      da, dc, k, dΓ_*, dc̃ (n_a, m)
    Source      Greff et al. 2017, "LSTM: a search space odyssey", arXiv:1503.04069v2, section II, without peepholes.
    Departures  Each is taken with respect to the pre-activation, as the coursework's symbols dΓ are meant.
    Numerics    float64; all slopes are taken from the values of σ and tanh.
    Oracle      torch.autograd, relative |Δ| ≤ 1e-12 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    reference/mistakes/gradients_seq_gates.py and gradients_seq_cell.py: a bracket left out of (8) to (10),
                tanh applied twice, one of the two ways into c' left out.
    """
    k = cell_state_gradient(da_next, dc_next, cache)  # (n_a, m)
    return GateGradients(
        d_o=da_next * np.tanh(cache.c_next) * cache.o * (1 - cache.o),
        d_c=k * cache.u * (1 - cache.c_tilde**2),
        d_u=k * cache.c_tilde * cache.u * (1 - cache.u),
        d_f=k * cache.c_prev * cache.f * (1 - cache.f),
    )


def lstm_gradients_from_gates(
    d: GateGradients,
    da_next: Float64[Array, "hidden batch"],
    dc_next: Float64[Array, "hidden batch"],
    cache: LSTMCache,
) -> dict[str, Float64[Array, "_ _"]]:
    r"""The gradients of weights, states and input at one step, given those of the gates: equations 11 to 17.

    Equations
        dW_g    = dΓ_g [a_prev; x]ᵀ         db_g = Σ over the examples of dΓ_g       (11–14) for each gate g
        da_prev = Σ_g W_g[:, :n_a]ᵀ dΓ_g                                             (15)
        dc_prev = k ⊙ Γ_f                                                            (16)
        dx      = Σ_g W_g[:, n_a:]ᵀ dΓ_g                                             (17)

    Shapes      dW_* (n_a, n_a + n_x) · db_* (n_a, 1) · da_prev, dc_prev (n_a, m) · dx (n_x, m)
    Source      Greff et al. 2017, "LSTM: a search space odyssey", arXiv:1503.04069v2, section II, without peepholes.
    Departures  One matrix a gate acts on [a; x], so that its first n_a columns belong to the state.
    Numerics    float64
    Oracle      Central differences, relative |Δ| ≤ 1e-6, and torch.autograd, relative |Δ| ≤ 1e-12
                (tests/unit/reference/test_gradients_columns.py).
    Mistakes    reference/mistakes/gradients_seq_weights.py and gradients_seq_states.py: rows of W taken for columns,
                a gate left out of a sum, a mean over the examples.
    """
    w, n_a = cache.weights, cache.a_prev.shape[0]
    joined_T = cache.joined.T  # (m, n_a + n_x)
    back = w.W_f.T @ d.d_f + w.W_u.T @ d.d_u + w.W_c.T @ d.d_c + w.W_o.T @ d.d_o  # (n_a + n_x, m)
    return {
        "dW_f": d.d_f @ joined_T,
        "dW_u": d.d_u @ joined_T,
        "dW_c": d.d_c @ joined_T,
        "dW_o": d.d_o @ joined_T,
        "db_f": d.d_f.sum(axis=1, keepdims=True),
        "db_u": d.d_u.sum(axis=1, keepdims=True),
        "db_c": d.d_c.sum(axis=1, keepdims=True),
        "db_o": d.d_o.sum(axis=1, keepdims=True),
        "da_prev": back[:n_a],
        "dc_prev": cell_state_gradient(da_next, dc_next, cache) * cache.f,
        "dx": back[n_a:],
    }


def lstm_cell_backward(
    da_next: Float64[Array, "hidden batch"], dc_next: Float64[Array, "hidden batch"], cache: LSTMCache
) -> dict[str, Float64[Array, "_ _"]]:
    r"""The gradients of weights, states and input at one step: equations 7 to 10, then 11 to 17 made of them.

    Equations
        lstm_gate_gradients, then lstm_gradients_from_gates

    Shapes      da, dc, da_prev, dc_prev (n_a, m) · dW_* (n_a, n_a + n_x) · db_* (n_a, 1) · dx (n_x, m)
    Source      Greff et al. 2017, "LSTM: a search space odyssey", arXiv:1503.04069v2, section II, without peepholes.
    Departures  The loss is whatever da and dc come from; for several examples it is their sum, not their mean.
    Numerics    float64
    Oracle      Central differences, relative |Δ| ≤ 1e-6 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    reference/mistakes/gradients_seq_*.py
    """
    gates = lstm_gate_gradients(da_next, dc_next, cache)
    return lstm_gradients_from_gates(gates, da_next, dc_next, cache)


def lstm_backward(
    da: Float64[Array, "hidden batch steps"], caches: Sequence[LSTMCache]
) -> dict[str, Float64[Array, "*_"]]:
    r"""Gradients of a whole sequence, given what the loss asks of each hidden state directly.

    Equations
        step T … 1 with da<t> + da_prev<t+1> and dc_prev<t+1>, as in lstm_cell_backward;  both are 0 at T + 1
        dW_*, db_* = sums over the steps;  da_0, dc_0 = da_prev<1>, dc_prev<1>

    Shapes      da (n_a, m, T) · dx (n_x, m, T) · da_0, dc_0 (n_a, m) · dW_* (n_a, n_a + n_x) · db_* (n_a, 1)
    Source      Greff et al. 2017, "LSTM: a search space odyssey", arXiv:1503.04069v2, section II, without peepholes.
    Departures  Time is the last axis of x and da.
    Numerics    float64
    Oracle      torch.autograd over torch.nn.LSTM, relative |Δ| ≤ 1e-12, and central differences, relative
                |Δ| ≤ 1e-6 (tests/unit/reference/test_gradients_columns.py).
    Mistakes    dc_prev not handed on, which leaves every step but the last without its path through the cell.
    """
    if da.shape[2] != len(caches):
        raise ValueError(f"da has {da.shape[2]} steps; wanted one for each of the {len(caches)} caches")
    weights = caches[0].weights
    dx = np.zeros((caches[0].x.shape[0], *da.shape[1:]))  # (n_x, m, T)
    total = {f"d{field.name}": np.zeros_like(getattr(weights, field.name)) for field in fields(weights)}
    da_prev, dc_prev = np.zeros_like(caches[0].a_prev), np.zeros_like(caches[0].c_prev)  # (n_a, m) each
    for t in reversed(range(len(caches))):
        step = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, caches[t])
        dx[:, :, t], da_prev, dc_prev = step["dx"], step["da_prev"], step["dc_prev"]
        total = {name: value + step[name] for name, value in total.items()}
    return {"dx": dx, "da_0": da_prev, "dc_0": dc_prev, **total}
