"""First values of parameters, and what every constructor refuses.

All chance comes from a generator that is passed in; without one, from a generator seeded with 0.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import nn


def generator_or_zero(generator: torch.Generator | None) -> torch.Generator:
    """The generator itself, or one seeded with 0."""
    return torch.Generator().manual_seed(0) if generator is None else generator


def uniform_parameter(
    shape: tuple[int, ...], hidden_size: int, generator: torch.Generator
) -> Float[nn.Parameter, "*shape"]:
    """A parameter of uniform values in ±1/√n, weights and biases alike, as torch's recurrent layers have."""
    bound = 1 / hidden_size**0.5
    unit = torch.rand(shape, generator=generator, dtype=torch.float64)  # [0, 1)
    return nn.Parameter((2 * unit - 1) * bound)


def require_positive(**sizes: int) -> None:
    """Nothing, if all sizes are at least 1.

    Raises:
        ValueError: naming the first that is not.
    """
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, found {value}")
