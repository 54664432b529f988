"""Two independent stacks of layers, one for each direction of time."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero
from reference.networks.stacked import StackedNetwork


def reversed_in_time(sequence: Float[Tensor, "B T d"]) -> Float[Tensor, "B T d"]:
    r"""The sequence from its end to its beginning.

    Equations
        y_t = x_{T+1−t}

    Shapes      x, y (B, T, d)
    Source      none
    Departures  none
    Numerics    exact
    Oracle      numbers written out (tests/unit/reference/test_networks_stacks.py).
    Mistakes    reference/mistakes/models_bidirectional.py: batch or features reversed instead of time.
    """
    return sequence.flip(1)


class TwoStackNetwork(nn.Module):
    r"""Two stacks that share nothing: one reads the sequence forwards, the other backwards.

    Equations
        h→_t = forward stack over x_1, ..., x_t
        h←_t = backward stack over x_T, ..., x_t
        h_t  = [h→_t, h←_t]          output at every step, both at the same time
        u    = [h→_T, h←_1]          summary: each half has read the whole sequence

    Shapes      x (B, T, d) · h→, h← (B, T, n) · h (B, T, 2n) · u (B, 2n)
    Source      Schuster and Paliwal 1997, "Bidirectional recurrent neural networks", IEEE Transactions on Signal
                Processing 45(11).
    Departures  Several layers in each direction, which meet at the end only; `LayerwiseNetwork` joins them at every
                layer, as torch does.
    Numerics    float64; parameters start uniform in ±1/√n.
    Oracle      two torch layers, one of them over the reversed sequence, |Δ| ≤ 1e-12; for one layer, torch's own
                bidirectional one (tests/unit/reference/test_networks_stacks.py).
    Mistakes    reference/mistakes/models_bidirectional.py: backward states not turned back, or read after their first
                step, one list of cells for both directions.

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
        chance = generator_or_zero(generator)
        self.forwards = StackedNetwork(mode, input_size, hidden_size, num_layers, bias, generator=chance)
        self.backwards = StackedNetwork(mode, input_size, hidden_size, num_layers, bias, generator=chance)

    def forward(self, sequence: Float[Tensor, "B T d"]) -> Float[Tensor, "B T both"]:
        """Hidden states of both directions, side by side at every step."""
        forwards, _ = self.forwards(sequence)  # (B, T, n)
        backwards, _ = self.backwards(reversed_in_time(sequence))  # (B, T, n), in the order of reading
        return torch.cat((forwards, reversed_in_time(backwards)), dim=2)

    def summary(self, sequence: Float[Tensor, "B T d"]) -> Float[Tensor, "B both"]:
        """The last state of each direction, side by side."""
        forwards, backwards = self(sequence).chunk(2, dim=2)
        return torch.cat((forwards[:, -1], backwards[:, 0]), dim=1)
