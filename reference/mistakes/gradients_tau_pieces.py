"""The gradients of a gated recurrent unit in pieces, so that each named mistake of the family `tau` can replace one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from reference.gradients.gru_case import GRUCase, GRUStep, gru_two_steps
from reference.gradients.gru_gradients import GRU_ITEMS, gru_state_gradient
from reference.mistakes.catalogue import function_mistake

tau_mistake = partial(function_mistake, of="gradients.gru_gradients.gru_gradients")


def through_candidate(W_hg: Tensor, d_g: Tensor, h_prev: Tensor) -> Tensor:
    """∂ε/∂r: back through W_hg, then times what r multiplies."""
    return (W_hg @ d_g) * h_prev


def outer(multiplied: Tensor, d: Tensor) -> Tensor | None:
    """A weight's gradient: what the weight multiplies, outer the gradient of the pre-activation."""
    return torch.outer(multiplied, d)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What the formulas are made of; each piece is right unless it is replaced."""

    delta: Callable[[GRUCase, GRUStep], Tensor] = lambda case, s: s.h - case.y_2
    """∂ε_2/∂h_2."""
    turn: Callable[[GRUStep], Tensor] = lambda s: s.turn
    """∂h/∂z."""
    take: Callable[[GRUStep], Tensor] = lambda s: s.take
    """∂h/∂g."""
    tanh_slope: Callable[[Tensor], Tensor] = lambda g: 1 - g**2
    """tanh' from the value of tanh."""
    reset: Callable[[Tensor, Tensor, Tensor], Tensor] = through_candidate
    """∂ε/∂r from W_hg, dg and h_prev."""
    state: Callable[[GRUStep], Tensor] = lambda s: s.h_prev
    """What W_hz, W_hr and, times r, W_hg are taken to multiply."""
    gate: Callable[[GRUStep], Tensor] = lambda s: s.r
    """What that state is multiplied with before W_hg."""
    product: Callable[[Tensor, Tensor], Tensor | None] = outer
    """Makes a weight's gradient out of its two factors; None where they cannot be multiplied."""


def _pre_activations(case: GRUCase, s: GRUStep, delta: Tensor, pieces: Pieces) -> dict[str, Tensor]:
    d_g = delta * pieces.take(s) * pieces.tanh_slope(s.g)
    d_z = delta * pieces.turn(s) * case.sigmoid_slope(s.z)
    return {"z": d_z, "g": d_g, "r": pieces.reset(case.W_hg, d_g, s.h_prev) * case.sigmoid_slope(s.r)}


def _weights(s: GRUStep, d: dict[str, Tensor], pieces: Pieces) -> dict[str, Tensor]:
    state = pieces.state(s)
    found = {
        "dW_xz": pieces.product(s.x, d["z"]),
        "dW_hz": pieces.product(state, d["z"]),
        "dW_xg": pieces.product(s.x, d["g"]),
        "dW_hg": pieces.product(pieces.gate(s) * state, d["g"]),
        "dW_xr": pieces.product(s.x, d["r"]),
        "dW_hr": pieces.product(state, d["r"]),
    }
    return {item: value for item, value in found.items() if value is not None}


def gradients_in_pieces(case: GRUCase, pieces: Pieces, *, x_of_second: str = "x_2") -> dict[str, Tensor]:
    """The gradients a to f, which equal `gru_gradients` while all pieces are right.

    A product of two vectors that do not fit together has no value: its item is left out.
    """
    first, second = gru_two_steps(case)
    delta = pieces.delta(case, second)
    d = _pre_activations(case, second, delta, pieces)
    found = _weights(replace(second, x=getattr(case, x_of_second)), d, pieces)
    if case.scope == "local":
        return found
    delta_1 = gru_state_gradient(case, second, delta, d)
    earlier = _weights(first, _pre_activations(case, first, delta_1, pieces), pieces)
    return {item: found[item] + earlier[item] for item in GRU_ITEMS if item in found}
