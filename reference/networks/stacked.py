"""Recurrent layers on top of each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero, require_positive
from reference.networks.cells import RecurrentCell, State


def run_layer(
    cell: RecurrentCell, sequence: Float[Tensor, "B T d"], state: State | None = None
) -> tuple[Float[Tensor, "B T n"], State]:
    r"""The hidden states of one layer over a sequence, and its last state.

    Equations
        s_t = step(x_t, s_{t−1}),  t = 1, ..., T,  s_0 = 0 unless a state is given

    Shapes      x (B, T, d) · h (B, T, n) · s: (B, n) each, h and in mode LSTM c
    Source      none
    Departures  none
    Numerics    float64; a loop over time, for reading.
    Oracle      torch.nn.LSTM, GRU and RNN of one layer, |Δ| ≤ 1e-12 (tests/unit/reference/test_networks_stacks.py).
    Mistakes    reference/mistakes/models_stacked.py: state thrown away after each step, batch and time exchanged.
    """
    state = cell.zero_state(sequence[:, 0]) if state is None else state
    hidden = []
    for x in sequence.unbind(1):  # x (B, d)
        state = cell(x, state)
        hidden.append(state[0])
    return torch.stack(hidden, dim=1), state


class StackedNetwork(nn.Module):
    r"""Layers on top of each other: each reads the hidden states of the one below.

    Equations
        h⁽⁰⁾_t = x_t
        s⁽ˡ⁾_t = step⁽ˡ⁾(h⁽ˡ⁻¹⁾_t, s⁽ˡ⁾_{t−1}),  l = 1, ..., L,  s⁽ˡ⁾_0 = 0 unless states are given

    Shapes      x (B, T, d) · h⁽ᴸ⁾ (B, T, n) · states: one (h,) or (h, c) of (B, n) for each layer
    Source      Graves 2013, arXiv:1308.0850v5, section 2, without its connections that skip layers.
    Departures  No layer but the first sees the input.
    Numerics    float64; parameters start uniform in ±1/√n.
    Oracle      torch.nn.LSTM, GRU and RNN with num_layers and copied parameters, |Δ| ≤ 1e-12
                (tests/unit/reference/test_networks_stacks.py).
    Mistakes    reference/mistakes/models_stacked.py: layers beside each other, one cell used twice, only one layer.

    Raises:
        ValueError: for a mode that does not exist, or a size below 1.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_positive(num_layers=num_layers)
        chance = generator_or_zero(generator)
        widths = [input_size] + [hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(
            [RecurrentCell(mode, width, hidden_size, bias, generator=chance) for width in widths]
        )

    def layers(self) -> list[RecurrentCell]:
        """The cells from the input upwards."""
        return [cell for cell in self.cells if isinstance(cell, RecurrentCell)]

    def forward(
        self, sequence: Float[Tensor, "B T d"], states: Sequence[State] | None = None
    ) -> tuple[Float[Tensor, "B T n"], list[State]]:
        """Hidden states of the last layer at every step, and the last state of every layer."""
        below, last = sequence, []
        for depth, cell in enumerate(self.layers()):
            below, state = run_layer(cell, below, None if states is None else states[depth])
            last.append(state)
        return below, last
