"""The two models of a coursework that classifies sequences with any of four kinds of cells."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero
from reference.networks.affine import Affine
from reference.networks.bidirectional import TwoStackNetwork
from reference.networks.stacked import StackedNetwork


class FourModeModel(nn.Module):
    r"""Stacked layers of LSTM, GRU, RNN_TANH or RNN_RELU cells, and a classifier of their last state.

    Equations
        h_1, ..., h_T = hidden states of the last layer over x_1, ..., x_T
        y = fc(h_T)          raw scores: the loss contains the softmax

    Shapes      x (B, T, d) · h_t (B, n) · y (B, K)
    Source      reference.networks.StackedNetwork for the layers.
    Departures  A batch of one sequence keeps its batch axis.
    Numerics    float64; parameters of the cells start uniform in ±1/√n.
    Oracle      torch.nn.LSTM, GRU or RNN and torch.nn.Linear with copied parameters, |Δ| ≤ 1e-12
                (tests/unit/reference/test_networks_models.py).
    Mistakes    reference/mistakes/models_stacked.py: another step than the last, softmax applied, layers not stacked,
                an unknown mode accepted.

    Raises:
        ValueError: for a mode that does not exist, or a size below 1.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        output_size: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        chance = generator_or_zero(generator)
        self.rnn = StackedNetwork(mode, input_size, hidden_size, num_layers, bias, generator=chance)
        self.fc = Affine(hidden_size, output_size, generator=chance)

    def forward(self, sequence: Float[Tensor, "B T d"]) -> Float[Tensor, "B K"]:
        """One score for each class."""
        hidden, _ = self.rnn(sequence)  # (B, T, n)
        scores: Tensor = self.fc(hidden[:, -1])
        return scores


class FourModeBidirectionalModel(nn.Module):
    r"""Two independent stacks of layers, one for each direction, and a classifier of their last states.

    Equations
        u = [h→_T, h←_1]     each half has read the whole sequence
        y = fc(u)            raw scores: the loss contains the softmax

    Shapes      x (B, T, d) · h→_t, h←_t (B, n) · u (B, 2n) · y (B, K)
    Source      reference.networks.TwoStackNetwork for the layers.
    Departures  A batch of one sequence keeps its batch axis.
    Numerics    float64; parameters of the cells start uniform in ±1/√n.
    Oracle      two torch layers, one of them over the reversed sequence, and torch.nn.Linear, |Δ| ≤ 1e-12
                (tests/unit/reference/test_networks_models.py).
    Mistakes    reference/mistakes/models_bidirectional.py: the backward state after its first step, time not reversed,
                the directions added.

    Raises:
        ValueError: for a mode that does not exist, or a size below 1.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        output_size: int,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        chance = generator_or_zero(generator)
        self.rnn = TwoStackNetwork(mode, input_size, hidden_size, num_layers, bias, generator=chance)
        self.fc = Affine(2 * hidden_size, output_size, generator=chance)

    def forward(self, sequence: Float[Tensor, "B T d"]) -> Float[Tensor, "B K"]:
        """One score for each class."""
        scores: Tensor = self.fc(self.rnn.summary(sequence))
        return scores
