"""Clipping of gradients: each element on its own, or all of them by one factor."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

Gradient = Float[Tensor, "..."]
"""The gradient of one parameter, of any shape."""


def clip_by_value(gradients: Mapping[str, Gradient], N: float) -> dict[str, Gradient]:
    r"""Every element of every gradient, cut to [−N, N].

    Equations
        g'_k = min(max(g_k, −N), N)     for every element k of every gradient

    Shapes      gradients {name: any shape} · result the same names and shapes · N a number
    Source      Mikolov 2012, "Statistical language models based on neural networks", PhD thesis, Brno (truncation of
                single elements; no arXiv version).
    Departures  none
    Numerics    Comparisons only, so exact in every dtype. The arguments are left as they are. Directions change.
    Oracle      torch.nn.utils.clip_grad_value_, |Δ| ≤ 1e-12 (tests/unit/reference/test_clipping.py).
    Mistakes    reference/mistakes/clipping.py: cut above only, zero outside, |g| for g, one factor for all elements.

    Raises:
        ValueError: if N is not positive.
    """
    _check(N)
    return {name: g.clamp(-N, N) for name, g in gradients.items()}


def global_norm(gradients: Mapping[str, Gradient]) -> float:
    r"""Length of all gradients as one vector.

    Equations
        ‖g‖ = √(Σ_names Σ_k g_k²)

    Shapes      gradients {name: any shape} · result a number
    Source      Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063v2, section 3.2 (the norm in algorithm 1).
    Departures  none
    Numerics    The norms of the single gradients come from torch, which squares in the dtype of the gradient; they are
                joined in float64 by math.hypot, which cannot overflow on the way.
    Oracle      torch.nn.utils.clip_grad_norm_, which returns it (tests/unit/reference/test_clipping.py).
    Mistakes    reference/mistakes/clipping.py: a norm for each gradient instead of one for all.
    """
    return math.hypot(*(float(g.norm()) for g in gradients.values()))


def clip_by_global_norm(gradients: Mapping[str, Gradient], N: float) -> dict[str, Gradient]:
    r"""All gradients, scaled down by one factor where their common norm is above N.

    Equations
        ‖g‖ = √(Σ_names Σ_k g_k²)
        g'  = g · min(1, N / ‖g‖)

    Shapes      gradients {name: any shape} · result the same names and shapes · N a number
    Source      Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063v2, section 3.2, algorithm 1.
    Departures  torch divides by ‖g‖ + 1e-6, so that its result is shorter by a relative 1e-6/‖g‖ where it clips.
    Numerics    A norm of 0 is left alone instead of divided by. The arguments are left as they are. Directions stay.
    Oracle      torch.nn.utils.clip_grad_norm_, relative 1e-6 (tests/unit/reference/test_clipping.py).
    Mistakes    reference/mistakes/clipping.py: a norm for each gradient, scaling up as well as down, elementwise cut.

    Raises:
        ValueError: if N is not positive.
    """
    _check(N)
    norm = global_norm(gradients)
    factor = N / norm if norm > N else 1.0
    return {name: g * factor for name, g in gradients.items()}


def _check(N: float) -> None:
    if not N > 0:
        raise ValueError(f"N is {N}; wanted a positive number")
