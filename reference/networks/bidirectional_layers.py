"""Two directions that are joined at every layer."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero, require_positive
from reference.networks.bidirectional import reversed_in_time
from reference.networks.cells import RecurrentCell
from reference.networks.stacked import run_layer


class LayerwiseNetwork(nn.Module):
    r"""Layers of two directions: each reads both directions of the one below.

    Equations
        h⁽⁰⁾_t = x_t
        h→⁽ˡ⁾_t = forward cell of layer l over h⁽ˡ⁻¹⁾_1, ..., h⁽ˡ⁻¹⁾_t
        h←⁽ˡ⁾_t = backward cell of layer l over h⁽ˡ⁻¹⁾_T, ..., h⁽ˡ⁻¹⁾_t
        h⁽ˡ⁾_t = [h→⁽ˡ⁾_t, h←⁽ˡ⁾_t]

    Shapes      x (B, T, d) · h→, h← (B, T, n) · h (B, T, 2n); cells above the first layer read 2n
    Source      torch.nn.LSTM, GRU and RNN with bidirectional=True; for speech Graves, Jaitly and Mohamed 2013, "Hybrid
                speech recognition with deep bidirectional LSTM", ASRU 2013, section 2.
    Departures  none from torch
    Numerics    float64; parameters start uniform in ±1/√n.
    Oracle      torch's own bidirectional layers with num_layers and copied parameters, |Δ| ≤ 1e-12
                (tests/unit/reference/test_networks_stacks.py).
    Mistakes    reference/mistakes/models_bidirectional.py; where two independent stacks are asked for, this is
                `bidir.layer_wise`.

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
        widths = [input_size] + [2 * hidden_size] * (num_layers - 1)
        self.forwards, self.backwards = (
            nn.ModuleList([RecurrentCell(mode, width, hidden_size, bias, generator=chance) for width in widths])
            for _ in range(2)
        )

    def pairs(self) -> list[tuple[RecurrentCell, RecurrentCell]]:
        """Forward and backward cell of each layer, from the input upwards."""
        return [
            (one, other)
            for one, other in zip(self.forwards, self.backwards, strict=True)
            if isinstance(one, RecurrentCell) and isinstance(other, RecurrentCell)
        ]

    def forward(self, sequence: Float[Tensor, "B T d"]) -> Float[Tensor, "B T both"]:
        """Hidden states of the last layer, both directions side by side at every step."""
        below = sequence
        for one, other in self.pairs():
            forwards, _ = run_layer(one, below)  # (B, T, n)
            backwards, _ = run_layer(other, reversed_in_time(below))  # (B, T, n), in the order of reading
            below = torch.cat((forwards, reversed_in_time(backwards)), dim=2)  # (B, T, 2n)
        return below
