"""The right gradients of each family, named in the same way as mistakes so that a collision can list them."""

from __future__ import annotations

from torch import Tensor

from reference.gradients.gru_case import GRUCase
from reference.gradients.gru_gradients import gru_gradients
from reference.gradients.lstm_case import LSTMCase, lstm_gradients
from reference.gradients.rnn_bptt import rnn_gradients
from reference.gradients.rnn_case import RNNCase
from reference.mistakes.gradients_seq_pieces import Values, seq_mistake
from reference.mistakes.gradients_tau_pieces import tau_mistake
from reference.mistakes.gradients_uva_pieces import uva_mistake


@uva_mistake(
    "uva.correct",
    "Backpropagation through time",
    formula="dW_h = Σ_t d_l(t) h_{t−1}ᵀ,  d_l(t) = (W_pᵀ (ŷ_t − y_t) + W_hᵀ d_l(t+1)) ⊙ (1 − h_t²)",
    did="Your gradient is the right one.",
    next_step="Nothing to do here.",
    effect="equivalent",
)
def uva_correct(case: RNNCase) -> dict[str, Tensor]:
    return rnn_gradients(case)


@tau_mistake(
    "tau.correct",
    "Gradients of a gated recurrent unit over two steps",
    formula="dz = δ ⊙ (h_1 − g_2) ⊙ σ'(z_2),  dg = δ ⊙ (1 − z_2) ⊙ (1 − g_2²),  dr = (W_hg dg) ⊙ h_1 ⊙ σ'(r_2)",
    did="Your gradient is the right one.",
    next_step="Nothing to do here.",
    effect="equivalent",
)
def tau_correct(case: GRUCase) -> dict[str, Tensor]:
    return gru_gradients(case)


@seq_mistake(
    "seq.correct",
    "Backward pass of a memory cell",
    formula="equations 7 to 17, with k = Γ_o ⊙ (1 − tanh²(c')) ⊙ da + dc",
    did="Your gradient is the right one.",
    next_step="Nothing to do here.",
    effect="equivalent",
)
def seq_correct(case: LSTMCase) -> Values:
    return lstm_gradients(case)
