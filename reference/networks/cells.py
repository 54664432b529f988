"""The reference steps as one torch module, with its parameters laid out as torch lays them out."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.cells import Role, gru_step, lstm_step, rnn_step
from reference.networks._parameters import generator_or_zero, require_positive, uniform_parameter

Mode = Literal["LSTM", "GRU", "RNN_TANH", "RNN_RELU"]
MODES: tuple[Mode, ...] = get_args(Mode)

State = tuple[Float[Tensor, "B n"], ...]
"""(h,), or (h, c) in mode LSTM."""

_ROLES: Mapping[str, str] = MappingProxyType({"LSTM": "ifgo", "GRU": "rzn", "RNN_TANH": "a", "RNN_RELU": "a"})
"""Roles of each mode in the order in which torch stacks them."""


class RecurrentCell(nn.Module):
    r"""One recurrent cell of any of four modes.

    Equations
        (h', c') = lstm_step(x, h, c)     mode LSTM
        h' = gru_step(x, h)               mode GRU, reset after the product, update gate on the old state
        h' = tanh(x W_xᵀ + b_x + h W_hᵀ + b_h)     mode RNN_TANH
        h' = relu(x W_xᵀ + b_x + h W_hᵀ + b_h)     mode RNN_RELU

    Shapes      x (B, d) · h, h', c, c' (B, n) · weight_ih (k n, d) · weight_hh (k n, n) · bias_ih, bias_hh (k n,), for
                k = 4, 3, 1, 1 roles in torch's order: i, f, g, o in mode LSTM, r, z, n in mode GRU
    Source      reference.cells, where each step has its own.
    Departures  none
    Numerics    float64; parameters start uniform in ±1/√n, biases included.
    Oracle      torch.nn.LSTMCell, GRUCell and RNNCell with copied parameters, |Δ| ≤ 1e-12
                (tests/unit/reference/test_networks_parts.py).
    Mistakes    reference/mistakes/lstm_*.py, gru_*.py, rnn.py; model.bias_ignored, model.wrong_nonlinearity.

    Raises:
        ValueError: for a mode that does not exist, or a size below 1.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, found {mode!r}")
        require_positive(input_size=input_size, hidden_size=hidden_size)
        self.mode, self.input_size, self.hidden_size, self.bias = mode, input_size, hidden_size, bias
        chance = generator_or_zero(generator)
        rows = len(_ROLES[mode]) * hidden_size
        self.weight_ih = uniform_parameter((rows, input_size), hidden_size, chance)
        self.weight_hh = uniform_parameter((rows, hidden_size), hidden_size, chance)
        if bias:
            self.bias_ih = uniform_parameter((rows,), hidden_size, chance)
            self.bias_hh = uniform_parameter((rows,), hidden_size, chance)

    def roles(self) -> dict[str, Role]:
        """The parameters by role; without a bias, zeros stand for it."""
        found = {}
        for place, name in enumerate(_ROLES[self.mode]):
            at = slice(place * self.hidden_size, (place + 1) * self.hidden_size)
            W_x, W_h = self.weight_ih[at], self.weight_hh[at]
            zero = W_x.new_zeros(self.hidden_size)
            b_x, b_h = (self.bias_ih[at], self.bias_hh[at]) if self.bias else (zero, zero)
            found[name] = Role(W_x=W_x, W_h=W_h, b_x=b_x, b_h=b_h)
        return found

    def zero_state(self, x: Float[Tensor, "B d"]) -> State:
        """The state before the first step."""
        zero = x.new_zeros(x.shape[0], self.hidden_size)
        return (zero, zero) if self.mode == "LSTM" else (zero,)

    def forward(self, x: Float[Tensor, "B d"], state: State) -> State:
        """The state after one step."""
        roles = self.roles()
        if self.mode == "LSTM":
            return lstm_step(x, state[0], state[1], roles)
        if self.mode == "GRU":
            return (gru_step(x, state[0], roles),)
        return (rnn_step(x, state[0], roles["a"], torch.tanh if self.mode == "RNN_TANH" else torch.relu),)
