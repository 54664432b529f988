"""Language models of characters and of words: which token comes next, at every step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero, require_positive, uniform_parameter
from reference.networks.affine import Affine
from reference.networks.cells import State
from reference.networks.losses import sequence_loss
from reference.networks.stacked import StackedNetwork, run_layer


class CharacterLanguageModel(nn.Module):
    r"""Recurrent layers over characters, and scores for the next one at every step.

    Equations
        x_t = one 1 in the place of token t
        h_1, ..., h_T = hidden states of the last layer
        a_t = W h_t + b               scores for token t + 1
        L   = Σ_t −log softmax(a_t)_{target t}, a mean over the batch

    Shapes      tokens, targets (B, T) · x_t (B, V) · h_t (B, n) · a (B, T, V) · L a scalar
    Source      Graves 2013, arXiv:1308.0850v5, section 3, without its connections that skip layers.
    Departures  Any of four cells; the paper's cells have peepholes.
    Numerics    float64; parameters start uniform in ±1/√n. The states that come back continue a text in the next call;
                detach them where the gradient shall not reach further back.
    Oracle      torch.nn.LSTM, torch.nn.Linear and torch's cross-entropy with copied parameters, |Δ| ≤ 1e-12
                (tests/unit/reference/test_networks_models.py).
    Mistakes    targets not shifted by one; the loss of the last step only; softmax before the loss.

    Raises:
        ValueError: for a mode that does not exist, or a size below 1.
    """

    def __init__(
        self,
        vocabulary: int,
        hidden_size: int,
        num_layers: int = 2,
        mode: str = "LSTM",
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_positive(vocabulary=vocabulary)
        chance = generator_or_zero(generator)
        self.vocabulary = vocabulary
        self.rnn = StackedNetwork(mode, vocabulary, hidden_size, num_layers, generator=chance)
        self.projection = Affine(hidden_size, vocabulary, generator=chance)

    def forward(
        self, tokens: Int[Tensor, "B T"], states: Sequence[State] | None = None
    ) -> tuple[Float[Tensor, "B T V"], list[State]]:
        """Scores of the next token at every step, and the states with which to go on."""
        one_hot = nn.functional.one_hot(tokens, self.vocabulary)  # (B, T, V)
        hidden, last = self.rnn(one_hot.to(self.projection.weight.dtype), states)  # (B, T, n)
        return self.projection(hidden), last

    def loss(
        self,
        tokens: Int[Tensor, "B T"],
        targets: Int[Tensor, "B T"],
        states: Sequence[State] | None = None,
        per: Literal["sequence", "token"] = "sequence",
    ) -> Float[Tensor, ""]:
        """Cross-entropy of the targets, which are the tokens one step later."""
        return sequence_loss(self(tokens, states)[0], targets, per)


class WordLanguageModel(nn.Module):
    r"""An embedding, recurrent layers and a projection: scores for the next word at every step.

    Equations
        x_t = E[token t]              a row of the embedding
        h_1, ..., h_T = hidden states of the last layer
        a_t = W h_t + b               scores for token t + 1
        L   = Σ_t −log softmax(a_t)_{target t}, a mean over the batch
        With dropout, D(v) = m ⊙ v / (1 − q), m_i = 0 with probability q, else 1, stands around x_t, around what each
        layer hands to the next, and around h_t: never around what a layer hands to itself.

    Shapes      tokens, targets (B, T) · E (V, e) · x_t (B, e) · h_t (B, n) · a (B, T, V) · L a scalar · q a number
    Source      Zaremba, Sutskever and Vinyals 2014, arXiv:1409.2329v5, section 3.
    Departures  Any of four cells; dropout needs a generator, without which there is none, as in use after training.
    Numerics    float64; parameters start uniform in ±1/√n, the embedding in ±1/√e. The states that come back continue a
                text in the next call; detach them where the gradient shall not reach further back.
    Oracle      torch.nn.Embedding, torch.nn.LSTM, torch.nn.Linear and torch's cross-entropy with copied parameters,
                |Δ| ≤ 1e-12; dropout by its share, its mean, and the places where it is
                (tests/unit/reference/test_networks_models.py).
    Mistakes    targets not shifted by one; a mean over the batch's sequences of different length; dropout on the state.

    Raises:
        ValueError: for a mode that does not exist, a size below 1, or a dropout rate not in [0, 1).
    """

    def __init__(
        self,
        vocabulary: int,
        embedding_size: int,
        hidden_size: int,
        num_layers: int = 2,
        mode: str = "LSTM",
        dropout: float = 0.0,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        require_positive(vocabulary=vocabulary, embedding_size=embedding_size)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), found {dropout}")
        chance = generator_or_zero(generator)
        self.dropout = dropout
        self.embedding = uniform_parameter((vocabulary, embedding_size), embedding_size, chance)
        self.rnn = StackedNetwork(mode, embedding_size, hidden_size, num_layers, generator=chance)
        self.projection = Affine(hidden_size, vocabulary, generator=chance)

    def forward(
        self,
        tokens: Int[Tensor, "B T"],
        states: Sequence[State] | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> tuple[Float[Tensor, "B T V"], list[State]]:
        """Scores of the next word at every step, and the states with which to go on."""
        below = self._dropped(self.embedding[tokens], generator)  # (B, T, e)
        last = []
        for depth, cell in enumerate(self.rnn.layers()):
            hidden, state = run_layer(cell, below, None if states is None else states[depth])
            below = self._dropped(hidden, generator)  # (B, T, n)
            last.append(state)
        return self.projection(below), last

    def loss(
        self,
        tokens: Int[Tensor, "B T"],
        targets: Int[Tensor, "B T"],
        states: Sequence[State] | None = None,
        per: Literal["sequence", "token"] = "sequence",
        *,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, ""]:
        """Cross-entropy of the targets, which are the tokens one step later."""
        return sequence_loss(self(tokens, states, generator=generator)[0], targets, per)

    def _dropped(self, values: Float[Tensor, "B T n"], generator: torch.Generator | None) -> Float[Tensor, "B T n"]:
        if generator is None or self.dropout == 0:
            return values
        kept = torch.rand(values.shape, generator=generator, dtype=values.dtype) >= self.dropout
        return values * kept / (1 - self.dropout)
