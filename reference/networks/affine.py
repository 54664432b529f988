"""The linear layer on top of hidden states."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reference.networks._parameters import generator_or_zero, require_positive, uniform_parameter


class Affine(nn.Module):
    r"""An affine map of the last axis: a classifier, or the projection to the words of a vocabulary.

    Equations
        y = x Wᵀ + b

    Shapes      x (..., n) · y (..., K) · W (K, n) · b (K,)
    Source      torch.nn.Linear
    Departures  none
    Numerics    float64; parameters start uniform in ±1/√n.
    Oracle      torch.nn.Linear, |Δ| ≤ 1e-12 (tests/unit/reference/test_networks_parts.py).
    Mistakes    reference/mistakes/models_stacked.py: softmax applied to y, the map not used at all.

    Raises:
        ValueError: for a size below 1.
    """

    def __init__(self, input_size: int, output_size: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        require_positive(input_size=input_size, output_size=output_size)
        chance = generator_or_zero(generator)
        self.weight = uniform_parameter((output_size, input_size), input_size, chance)
        self.bias = uniform_parameter((output_size,), input_size, chance)

    def forward(self, x: Float[Tensor, "*batch n"]) -> Float[Tensor, "*batch K"]:
        """The map of x."""
        return x @ self.weight.mT + self.bias
