"""The cell with peepholes against torch's cell, numbers worked by hand, and finite differences."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor, nn

from reference.cells import (
    PeepholeForm,
    Peepholes,
    Role,
    lstm_linear_output_step,
    lstm_peephole_step,
)

D, N, B = 5, 4, 3
FORMS = [pytest.param(PeepholeForm(output=output), id=output) for output in ("new", "old")]
ONE_UNIT = {
    role: Role(
        W_x=torch.zeros(1, 1, dtype=F64),
        W_h=torch.zeros(1, 1, dtype=F64),
        b_x=torch.tensor([value], dtype=F64),
        b_h=torch.zeros(1, dtype=F64),
    )
    for role, value in {"i": 0.0, "f": 0.0, "g": 0.5493061443340549, "o": 0.0}.items()  # tanh of the third is 0.5
}


def number(value: float) -> Tensor:
    return torch.tensor([value], dtype=F64)


def peepholes(seed: int = 7) -> Peepholes:
    return Peepholes(p_i=noise(seed, N), p_f=noise(seed + 1, N), p_o=noise(seed + 2, N))


def roles_of(cell: nn.LSTMCell) -> dict[str, Role]:
    rows = {name: slice(place * N, (place + 1) * N) for place, name in enumerate("ifgo")}
    return {
        name: Role(W_x=cell.weight_ih[at], W_h=cell.weight_hh[at], b_x=cell.bias_ih[at], b_h=cell.bias_hh[at])
        for name, at in rows.items()
    }


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


@pytest.mark.parametrize("form", FORMS)
def test_without_weight_on_the_peepholes_it_is_torchs_cell(form: PeepholeForm) -> None:
    cell = nn.LSTMCell(D, N, dtype=F64)
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)
    zero = torch.zeros(N, dtype=F64)
    found = lstm_peephole_step(x, h, c, roles_of(cell), Peepholes(p_i=zero, p_f=zero, p_o=zero), form)
    assert max(far(one, other) for one, other in zip(found, cell(x, (h, c)), strict=True)) <= 1e-12


@pytest.mark.parametrize(
    ("output", "hidden"),
    [
        pytest.param("new", 0.5210013013, id="new"),  # σ(3 · c') · tanh(c') = 0.8839394846 · 0.5894083366
        pytest.param("old", 0.4818852121, id="old"),  # σ(3 · c) · tanh(c') = 0.8175744762 · 0.5894083366
    ],
)
def test_one_unit_gives_the_numbers_worked_by_hand(output: str, hidden: float) -> None:
    # i = σ(1 · 0.5) = 0.6224593312, f = σ(2 · 0.5) = 0.7310585786, g = 0.5
    # c' = 0.7310585786 · 0.5 + 0.6224593312 · 0.5 = 0.6767589549
    looking = Peepholes(p_i=number(1.0), p_f=number(2.0), p_o=number(3.0))
    form = PeepholeForm(output=output)  # type: ignore[arg-type]  # parametrised literal
    h_new, c_new = lstm_peephole_step(
        torch.zeros(1, 1, dtype=F64), torch.zeros(1, 1, dtype=F64), number(0.5)[None], ONE_UNIT, looking, form
    )
    assert float(c_new) == pytest.approx(0.6767589549, abs=1e-9)
    assert float(h_new) == pytest.approx(hidden, abs=1e-9)


@pytest.mark.parametrize(("form", "seen"), [(PeepholeForm(output="new"), "new"), (PeepholeForm(output="old"), "old")])
def test_finite_differences_show_which_cell_the_output_gate_sees(form: PeepholeForm, seen: str) -> None:
    roles, looking = roles_of(nn.LSTMCell(D, N, dtype=F64)), peepholes()
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)

    def hidden(step: float) -> Tensor:
        return lstm_peephole_step(x, h, c, roles, replace(looking, p_o=looking.p_o + step), form)[0]

    c_new = lstm_peephole_step(x, h, c, roles, looking, form)[1]
    o = hidden(0.0) / torch.tanh(c_new)
    worked = o * (1 - o) * (c_new if seen == "new" else c) * torch.tanh(c_new)
    assert far((hidden(1e-5) - hidden(-1e-5)) / 2e-5, worked) <= 1e-8


@pytest.mark.parametrize(("name", "role"), [("p_i", "i"), ("p_f", "f")])
def test_finite_differences_show_the_old_cell_in_input_and_forget_gate(name: str, role: str) -> None:
    roles, looking = roles_of(nn.LSTMCell(D, N, dtype=F64)), peepholes()
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)

    def cell(step: float) -> Tensor:
        return lstm_peephole_step(x, h, c, roles, replace(looking, **{name: getattr(looking, name) + step}))[1]

    gate = torch.sigmoid(roles[role](x, h) + getattr(looking, name) * c)
    scaled = torch.tanh(roles["g"](x, h)) if role == "i" else c
    assert far((cell(1e-5) - cell(-1e-5)) / 2e-5, gate * (1 - gate) * c * scaled) <= 1e-8


def test_the_two_forms_differ() -> None:
    roles = roles_of(nn.LSTMCell(D, N, dtype=F64))
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)
    new = lstm_peephole_step(x, h, c, roles, peepholes())
    old = lstm_peephole_step(x, h, c, roles, peepholes(), PeepholeForm(output="old"))
    assert far(new[0], old[0]) > 1e-3
    assert far(new[1], old[1]) == 0.0


def test_without_the_last_tanh_the_output_is_torchs_with_its_tanh_undone() -> None:
    cell = nn.LSTMCell(D, N, dtype=F64)
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)
    h_torch, c_torch = cell(x, (h, c))
    h_new, c_new = lstm_linear_output_step(x, h, c, roles_of(cell))
    assert far(c_new, c_torch) <= 1e-12
    assert far(h_new, h_torch * c_torch / torch.tanh(c_torch)) <= 1e-12
