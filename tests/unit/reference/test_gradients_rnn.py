"""The gradients of a plain recurrent network against torch's own, and the two recursions against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.gradient_cases import furthest, relative
from jaxtyping import config
from torch import Tensor, nn

from reference.gradients import rnn_gradients, rnn_gradients_forward, rnn_loss, rnn_run, softmax_jacobian
from reference.gradients.generic import generic_rnn_case

WEIGHTS = {"dW_p": "W_p", "db_p": "b_p", "dW_h": "W_h", "dW_x": "W_x", "db_h": "b_h"}
LOSSES = ["last", "sum"]


def by_autograd(case: Any) -> dict[str, Tensor]:
    leaves = {name: getattr(case, name).clone().requires_grad_() for name in WEIGHTS.values()}
    found = torch.autograd.grad(rnn_loss(replace(case, **leaves)), list(leaves.values()))
    return dict(zip(WEIGHTS, found, strict=True))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_backpropagation_through_time_agrees_with_autograd(loss: Any, seed: int) -> None:
    case = generic_rnn_case(loss, seed=seed)
    found = rnn_gradients(case)
    expected = by_autograd(case)
    assert furthest({item: found[item] for item in WEIGHTS}, expected) <= 1e-12


@pytest.mark.parametrize("loss", LOSSES)
def test_the_forward_recursion_agrees_with_autograd(loss: Any) -> None:
    case = generic_rnn_case(loss)
    found = rnn_gradients_forward(case)
    assert furthest({item: found[item] for item in WEIGHTS}, by_autograd(case)) <= 1e-12


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_both_recursions_give_the_same_for_any_length(loss: Any, steps: int) -> None:
    case = generic_rnn_case(loss, steps=steps, hidden=3)
    assert furthest(rnn_gradients_forward(case), rnn_gradients(case)) <= 1e-12


def test_targets_may_be_distributions() -> None:
    case = generic_rnn_case()
    soft = replace(case, y=torch.softmax(case.x @ torch.ones(3, 6, dtype=torch.float64), dim=1))
    found = rnn_gradients(soft)
    assert furthest({item: found[item] for item in WEIGHTS}, by_autograd(soft)) <= 1e-12


def test_the_loss_of_the_last_step_leaves_earlier_targets_alone() -> None:
    case = generic_rnn_case("last")
    other = replace(case, y=torch.cat([case.y[:-1].flip(1), case.y[-1:]]))
    assert furthest(rnn_gradients(other), rnn_gradients(case)) == 0.0
    assert furthest(rnn_gradients(replace(other, loss="sum")), rnn_gradients(replace(case, loss="sum"))) > 0.1


def test_gradients_have_the_shapes_of_their_weights() -> None:
    case = generic_rnn_case()
    found = rnn_gradients(case)
    assert {item: found[item].shape for item in WEIGHTS} == {
        item: getattr(case, w).shape for item, w in WEIGHTS.items()
    }
    assert found["dy_dp"].shape == (6, 6)


def test_the_jacobian_of_the_softmax_agrees_with_autograd() -> None:
    p = generic_rnn_case().b_p
    expected = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]  # torch's own
        lambda scores: torch.softmax(scores, dim=0), p
    )
    assert relative(softmax_jacobian(torch.softmax(p, dim=0)), expected) <= 1e-12


def test_the_forward_pass_agrees_with_torch() -> None:
    case = generic_rnn_case()
    cell = nn.RNNCell(3, 4, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(case.W_x)
        cell.weight_hh.copy_(case.W_h)
        cell.bias_ih.copy_(case.b_h)
        cell.bias_hh.zero_()
    h, losses = case.h_0, []
    for x_t, y_t in zip(case.x, case.y, strict=True):
        h = cell(x_t, h)
        losses.append(nn.functional.cross_entropy(case.W_p @ h + case.b_p, y_t))
    assert relative(rnn_run(case).h[-1], h) <= 1e-12
    assert relative(rnn_loss(case), torch.stack(losses).sum()) <= 1e-12
    assert relative(rnn_loss(replace(case, loss="last")), losses[-1]) <= 1e-12


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations may be checked in this run; here the package's own checks are meant."""
    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", before)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"W_h": torch.zeros(4, 3, dtype=torch.float64)}, r"W_h .*\(4, 3\).*hidden = 4", id="not square"),
        pytest.param(
            {"h_0": torch.zeros(1, 4, dtype=torch.float64)}, r"h_0 .*\(1, 4\).*\(hidden\)", id="a row too many"
        ),
        pytest.param({"b_h": torch.zeros(4)}, "b_h holds torch.float32; wanted float64", id="single precision"),
        pytest.param({"y": torch.ones(5, 6, dtype=torch.float64)}, "add up to 1; found", id="no distribution"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_inputs_that_do_not_fit_are_refused_by_name(changed: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(generic_rnn_case(), **changed)  # type: ignore[arg-type]  # parametrised fields
