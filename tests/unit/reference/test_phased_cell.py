"""The phased LSTM against torch's cell where its gate is open, and a copy where it is closed."""

from __future__ import annotations

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor, nn

from reference.cells import PhasedForm, Role, phased_lstm_step, time_gate

D, N, B = 5, 4, 3
FORMS = [pytest.param(PhasedForm(proposal=proposal), id=proposal) for proposal in ("proposed", "blended")]
X, H, C = noise(1, B, D), noise(2, B, N), noise(3, B, N)


def cell_and_roles() -> tuple[nn.LSTMCell, dict[str, Role]]:
    cell = nn.LSTMCell(D, N, dtype=F64)
    rows = {name: slice(place * N, (place + 1) * N) for place, name in enumerate("ifgo")}
    return cell, {
        name: Role(W_x=cell.weight_ih[at], W_h=cell.weight_hh[at], b_x=cell.bias_ih[at], b_h=cell.bias_hh[at])
        for name, at in rows.items()
    }


def far(found: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> float:
    return max(float((one - other).detach().abs().max()) for one, other in zip(found, expected, strict=True))


@pytest.mark.parametrize("form", FORMS)
def test_an_open_gate_makes_an_ordinary_step(form: PhasedForm) -> None:
    cell, roles = cell_and_roles()
    found = phased_lstm_step(X, H, C, roles, torch.ones(N, dtype=F64), form)
    assert far(found, cell(X, (H, C))) <= 1e-12


@pytest.mark.parametrize("form", FORMS)
def test_a_closed_gate_copies_both_states_and_their_gradients(form: PhasedForm) -> None:
    _, roles = cell_and_roles()
    h, c = H.clone().requires_grad_(), C.clone().requires_grad_()
    found = phased_lstm_step(X, h, c, roles, torch.zeros(N, dtype=F64), form)
    assert far(found, (h, c)) == 0.0
    gradients = torch.autograd.grad(sum(value.sum() for value in found), [h, c])
    assert far(gradients, (torch.ones_like(h), torch.ones_like(c))) == 0.0


def test_in_between_the_published_form_blends_an_ordinary_step_and_a_copy() -> None:
    cell, roles = cell_and_roles()
    k = torch.tensor([0.0, 0.3, 0.8, 1.0], dtype=F64)
    h_torch, c_torch = cell(X, (H, C))
    found = phased_lstm_step(X, H, C, roles, k)
    assert far(found, (torch.lerp(H, h_torch, k), torch.lerp(C, c_torch, k))) <= 1e-12


def test_the_other_form_differs_where_the_gate_is_half_open() -> None:
    _, roles = cell_and_roles()
    k = torch.full((N,), 0.5, dtype=F64)
    published = phased_lstm_step(X, H, C, roles, k)
    blended = phased_lstm_step(X, H, C, roles, k, PhasedForm(proposal="blended"))
    assert far(published[:1], blended[:1]) > 1e-3
    assert far(published[1:], blended[1:]) == 0.0


def test_over_a_sequence_units_change_only_while_their_gate_is_open() -> None:
    _, roles = cell_and_roles()
    tau, s = torch.tensor([5.0, 7.0, 3.0, 2.0], dtype=F64), torch.tensor([0.5, 1.0, 0.0, 1.5], dtype=F64)
    r_on = torch.tensor([0.4, 0.2, 0.3, 0.5], dtype=F64)
    h, c = torch.zeros(B, N, dtype=F64), torch.zeros(B, N, dtype=F64)
    for step in range(20):
        k = time_gate(torch.full((B, 1), float(step), dtype=F64), tau, s, r_on)
        h_new, c_new = phased_lstm_step(noise(50 + step, B, D), h, c, roles, k)
        assert torch.equal(c_new == c, k == 0)
        assert torch.equal(h_new == h, k == 0)
        h, c = h_new, c_new
