"""The classifier that completes palindromes: it reads all digits but the last and says which one is missing."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero
from reference.networks.affine import Affine
from reference.networks.losses import class_loss
from reference.networks.stacked import StackedNetwork

DIGITS = 10


class PalindromeClassifier(nn.Module):
    r"""One recurrent layer over digits, and a classifier of its last state.

    The digit that completes a palindrome is the first one, so the model must hold it over the whole sequence: the task
    measures how long a cell remembers.

    Equations
        h_t = step(x_t, h_{t−1}),  h_0 = 0
        p   = W_ph h_T + b_p          raw scores, from the last step only
        L   = −(1/B) Σ_b Σ_k y_bk log softmax(p_b)_k

    Shapes      digits (B, T) · x_t (B, d), d = 1: the digit as a number, d = 10: one 1 in its place · h_t (B, n) ·
                p (B, K), K = 10 · L a scalar
    Source      none; the loss is `class_loss`, the layer `StackedNetwork` with one layer.
    Departures  none
    Numerics    float64; parameters start uniform in ±1/√n.
    Oracle      torch.nn.RNN or LSTM, torch.nn.Linear and torch's cross-entropy with copied parameters, |Δ| ≤ 1e-12; the
                loss at the start is near log 10 (tests/unit/reference/test_networks_models.py).
    Mistakes    reference/mistakes/models_stacked.py: a step other than the last, the state thrown away after each step.

    Raises:
        ValueError: for a mode that does not exist, or an input size other than 1 and 10.
    """

    def __init__(
        self, mode: str, hidden_size: int, input_size: int = 1, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        if input_size not in (1, DIGITS):
            raise ValueError(f"input_size must be 1 or {DIGITS}, found {input_size}")
        chance = generator_or_zero(generator)
        self.input_size = input_size
        self.rnn = StackedNetwork(mode, input_size, hidden_size, generator=chance)
        self.output = Affine(hidden_size, DIGITS, generator=chance)

    def forward(self, digits: Int[Tensor, "B T"]) -> Float[Tensor, "B 10"]:
        """One score for each digit that may come next."""
        dtype = self.output.weight.dtype
        one_hot = nn.functional.one_hot(digits, DIGITS).to(dtype)  # (B, T, 10)
        sequence = digits[:, :, None].to(dtype) if self.input_size == 1 else one_hot  # (B, T, d)
        hidden, _ = self.rnn(sequence)  # (B, T, n)
        scores: Tensor = self.output(hidden[:, -1])
        return scores

    def loss(self, digits: Int[Tensor, "B T"], targets: Int[Tensor, " B"]) -> Float[Tensor, ""]:
        """Cross-entropy of the missing digits."""
        return class_loss(self(digits), targets)
