"""The reference steps against torch's own cells, and against each other."""

from __future__ import annotations

import inspect

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor, nn

from reference.cells import GRUForm, Role, gru_step, lstm_step, rnn_step

D, N, B = 5, 4, 3
HEADINGS = ("Equations", "Shapes", "Source", "Departures", "Numerics", "Oracle", "Mistakes")


def roles_of(cell: nn.Module, names: str) -> dict[str, Role]:
    parameters = dict(cell.named_parameters())
    rows = {name: slice(i * N, (i + 1) * N) for i, name in enumerate(names)}
    return {
        name: Role(
            W_x=parameters["weight_ih"][at],
            W_h=parameters["weight_hh"][at],
            b_x=parameters["bias_ih"][at],
            b_h=parameters["bias_hh"][at],
        )
        for name, at in rows.items()
    }


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


def test_lstm_step_agrees_with_torch() -> None:
    cell = nn.LSTMCell(D, N, dtype=F64)
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)
    expected = cell(x, (h, c))
    found = lstm_step(x, h, c, roles_of(cell, "ifgo"))
    assert max(far(one, other) for one, other in zip(found, expected, strict=True)) <= 1e-12


def test_gru_step_agrees_with_torch() -> None:
    cell = nn.GRUCell(D, N, dtype=F64)
    x, h = noise(1, B, D), noise(2, B, N)
    assert far(gru_step(x, h, roles_of(cell, "rzn")), cell(x, h)) <= 1e-12


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_rnn_step_agrees_with_torch(nonlinearity: str) -> None:
    cell = nn.RNNCell(D, N, nonlinearity=nonlinearity, dtype=F64)
    x, h = noise(1, B, D), noise(2, B, N)
    found = rnn_step(x, h, roles_of(cell, "a")["a"], getattr(torch, nonlinearity))
    assert far(found, cell(x, h)) <= 1e-12


@pytest.mark.parametrize("reset", ["after", "before"])
def test_update_conventions_differ_by_the_sign_of_the_update_gate_only(reset: str) -> None:
    roles = roles_of(nn.GRUCell(D, N, dtype=F64), "rzn")
    z = roles["z"]
    turned = roles | {"z": Role(W_x=-z.W_x, W_h=-z.W_h, b_x=-z.b_x, b_h=-z.b_h)}
    x, h = noise(1, B, D), noise(2, B, N)
    one = gru_step(x, h, roles, GRUForm(reset=reset, update="1"))  # type: ignore[arg-type]  # parametrised literal
    two = gru_step(x, h, turned, GRUForm(reset=reset, update="2"))  # type: ignore[arg-type]  # parametrised literal
    assert far(one, two) <= 1e-12


def test_reset_before_and_after_the_product_differ() -> None:
    roles = roles_of(nn.GRUCell(D, N, dtype=F64), "rzn")
    x, h = noise(1, B, D), noise(2, B, N)
    assert far(gru_step(x, h, roles), gru_step(x, h, roles, GRUForm(reset="before"))) > 1e-3


@pytest.mark.parametrize("step", [lstm_step, gru_step, rnn_step])
def test_every_reference_step_documents_all_seven_headings(step: object) -> None:
    text = inspect.getdoc(step) or ""
    assert [heading for heading in HEADINGS if heading not in text] == []
