"""Reference step functions: pure, float64, one cell a module."""

from __future__ import annotations

from reference.cells.gru import GRUForm, gru_step
from reference.cells.lstm import lstm_step
from reference.cells.rnn import rnn_step
from reference.cells.roles import Role, Step, StepInputs

__all__ = ["GRUForm", "Role", "Step", "StepInputs", "gru_step", "lstm_step", "rnn_step"]
