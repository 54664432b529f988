"""The plain recurrent cell."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from reference.cells.roles import Role


def rnn_step(
    x: Float[Tensor, "*points B d"],
    h: Float[Tensor, "*points B n"],
    a: Role,
    activation: Callable[[Tensor], Tensor] = torch.tanh,
) -> Float[Tensor, "*roles B n"]:
    r"""One step of a plain (Elman) recurrent cell.

    Equations
        h' = act(x W_xᵀ + b_x + h W_hᵀ + b_h)     act = tanh or relu

    Shapes      x (B, d) · h, h' (B, n) · W_x (n, d) · W_h (n, n) · b_x, b_h (n,)
    Source      Elman 1990, "Finding structure in time", Cognitive Science 14(2); the context units of its network. For
                relu: Le, Jaitly and Hinton 2015, arXiv:1504.00941v2, section 3.
    Departures  tanh or relu where Elman has the logistic function; two biases, as torch.nn.RNNCell has: their sum is
                all that counts.
    Numerics    float64; relu has slope 0 at 0, as in torch.
    Oracle      torch.nn.RNNCell, |Δ| ≤ 1e-12 (tests/unit/reference/test_reference_cells.py).
    Mistakes    reference/mistakes/rnn.py: one map forgotten, activation inside the sum, another activation.
    """
    return activation(a(x, h))  # (B, n)
