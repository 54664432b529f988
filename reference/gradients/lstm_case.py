"""One step of the column-wise memory cell, and what comes back into it: all that its gradients are made of."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float64

from reference.gradients.lstm_columns import LSTMCache
from reference.gradients.lstm_columns_backward import GateGradients, lstm_gate_gradients, lstm_gradients_from_gates
from reference.gradients.rnn_columns import Array
from reference.gradients.shapes import check_shapes

LSTM_GATE_ITEMS = ("d_f", "d_u", "d_c", "d_o")
"""Equations 7 to 10."""
LSTM_ITEMS = (
    *("dW_f", "dW_u", "dW_c", "dW_o"),
    *("db_f", "db_u", "db_c", "db_o"),
    *("da_prev", "dc_prev", "dx"),
)
"""Equations 11 to 17."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTMCase:
    """A step and the gradients of its two new states."""

    da_next: Float64[Array, "hidden batch"]
    dc_next: Float64[Array, "hidden batch"]
    cache: LSTMCache
    gates: GateGradients | None = None
    """Gate gradients (7) to (10) that were found before and should be followed through; None to compute them."""

    def __post_init__(self) -> None:
        check_shapes(self)
        found, wanted = self.da_next.shape, self.cache.a_next.shape
        if found != wanted:
            raise ValueError(f"da_next has shape {found}; wanted {wanted}, that of a_next")


def lstm_gradients(case: LSTMCase) -> dict[str, Float64[Array, "_ _"]]:
    """Equations 7 to 17; only 11 to 17, made of the given gate gradients, where the case has some."""
    if case.gates is not None:
        return lstm_gradients_from_gates(case.gates, case.da_next, case.dc_next, case.cache)
    d = lstm_gate_gradients(case.da_next, case.dc_next, case.cache)
    gates = {"d_f": d.d_f, "d_u": d.d_u, "d_c": d.d_c, "d_o": d.d_o}
    return gates | lstm_gradients_from_gates(d, case.da_next, case.dc_next, case.cache)
