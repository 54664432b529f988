"""Reference step functions: pure, float64, one cell a module."""

from __future__ import annotations

from reference.cells.gru import GRUForm, gru_step
from reference.cells.gru_simplified import simplified_gru_step
from reference.cells.lstm import lstm_step
from reference.cells.lstm_linear_output import lstm_linear_output_step
from reference.cells.lstm_peepholes import PeepholeForm, Peepholes, lstm_peephole_step
from reference.cells.lstm_phased import PhasedForm, phased_lstm_step
from reference.cells.rnn import rnn_step
from reference.cells.roles import Role, Step, StepInputs
from reference.cells.time_gate import phase, time_gate

__all__ = [
    "GRUForm",
    "PeepholeForm",
    "Peepholes",
    "PhasedForm",
    "Role",
    "Step",
    "StepInputs",
    "gru_step",
    "lstm_linear_output_step",
    "lstm_peephole_step",
    "lstm_step",
    "phase",
    "phased_lstm_step",
    "rnn_step",
    "simplified_gru_step",
    "time_gate",
]
