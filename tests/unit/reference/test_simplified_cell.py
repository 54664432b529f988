"""The gated recurrent unit without a reset gate against the whole unit with its reset gate held open."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor

from reference.cells import GRUForm, Role, gru_step, simplified_gru_step

D, N, B = 5, 4, 3
Update = Literal["1", "2"]


def role(seed: int, bias: float = 0.0) -> Role:
    return Role(W_x=noise(seed, N, D), W_h=noise(seed + 1, N, N), b_x=noise(seed + 2, N) + bias, b_h=noise(seed + 3, N))


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@pytest.mark.parametrize("update", ["1", "2"])
@pytest.mark.parametrize("reset", ["after", "before"])
def test_it_is_the_whole_unit_with_the_reset_gate_held_open(update: Update, reset: Literal["after", "before"]) -> None:
    roles = {"z": role(10), "n": role(20), "r": role(30, bias=1000.0)}
    x, h = noise(1, B, D), noise(2, B, N)
    whole = gru_step(x, h, roles, GRUForm(reset=reset, update=update))
    assert far(simplified_gru_step(x, h, roles, update), whole) <= 1e-12


def test_conventions_differ_by_the_sign_of_the_update_gate_only() -> None:
    roles = {"z": role(10), "n": role(20)}
    z = roles["z"]
    turned = roles | {"z": Role(W_x=-z.W_x, W_h=-z.W_h, b_x=-z.b_x, b_h=-z.b_h)}
    x, h = noise(1, B, D), noise(2, B, N)
    assert far(simplified_gru_step(x, h, roles, "1"), simplified_gru_step(x, h, turned, "2")) <= 1e-12


def test_an_update_gate_near_zero_keeps_the_state_in_the_form_of_lectures() -> None:
    roles = {"z": role(10, bias=-1000.0), "n": role(20)}
    h = noise(2, B, N)
    assert torch.equal(simplified_gru_step(noise(1, B, D), h, roles), h)
    assert h.dtype == F64
