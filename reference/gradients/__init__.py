"""Closed-form gradients, written out as a derivation has them, and which formula a given gradient was computed by.

`reference.gradients.naming` compares with the named mistakes of `reference.mistakes`, which are made of what stands
here; so it is imported by its own name.
"""

from __future__ import annotations

from reference.gradients.gru_case import GRUCase, gru_two_steps, logistic_slope
from reference.gradients.gru_gradients import GRU_ITEMS, gru_gradients, gru_loss
from reference.gradients.lstm_case import LSTM_GATE_ITEMS, LSTM_ITEMS, LSTMCase, lstm_gradients
from reference.gradients.lstm_columns import LSTMCache, LSTMWeights, lstm_cell_forward, lstm_forward
from reference.gradients.lstm_columns_backward import (
    GateGradients,
    lstm_backward,
    lstm_cell_backward,
    lstm_gate_gradients,
    lstm_gradients_from_gates,
)
from reference.gradients.rnn_bptt import RNN_ITEMS, rnn_gradients, softmax_jacobian
from reference.gradients.rnn_case import RNNCase, RNNRun, rnn_loss, rnn_run, softmax_error
from reference.gradients.rnn_columns import (
    RNNCache,
    RNNWeights,
    rnn_cell_backward,
    rnn_cell_forward,
    rnn_output_backward,
    softmax_columns,
)
from reference.gradients.rnn_columns_sequence import rnn_backward, rnn_forward
from reference.gradients.rnn_real_time import rnn_gradients_forward

__all__ = [
    "GRU_ITEMS",
    "LSTM_GATE_ITEMS",
    "LSTM_ITEMS",
    "RNN_ITEMS",
    "GRUCase",
    "GateGradients",
    "LSTMCache",
    "LSTMCase",
    "LSTMWeights",
    "RNNCache",
    "RNNCase",
    "RNNRun",
    "RNNWeights",
    "gru_gradients",
    "gru_loss",
    "gru_two_steps",
    "logistic_slope",
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "lstm_gate_gradients",
    "lstm_gradients",
    "lstm_gradients_from_gates",
    "rnn_backward",
    "rnn_cell_backward",
    "rnn_cell_forward",
    "rnn_forward",
    "rnn_gradients",
    "rnn_gradients_forward",
    "rnn_loss",
    "rnn_output_backward",
    "rnn_run",
    "softmax_columns",
    "softmax_error",
    "softmax_jacobian",
]
