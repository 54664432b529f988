"""The gradients of a gated recurrent unit over two steps against torch's own, local and total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.gradient_cases import furthest, relative
from jaxtyping import config
from torch import Tensor

from reference.cells import GRUForm, Role, gru_step
from reference.gradients import GRU_ITEMS, GRUCase, gru_gradients, gru_loss, gru_two_steps
from reference.gradients.generic import generic_gru_case
from reference.gradients.gru_case import gru_step_values


def square_slope(s: Tensor) -> Tensor:
    """σ (1 − σ²)."""
    return s * (1 - s**2)


def by_autograd(case: GRUCase) -> dict[str, Tensor]:
    leaves = {item[1:]: getattr(case, item[1:]).clone().requires_grad_() for item in GRU_ITEMS}
    live = replace(case, **leaves)  # type: ignore[arg-type]  # fields by name
    h_1 = gru_two_steps(live)[0].h
    if case.scope == "local":
        h_1 = h_1.detach()
    loss = 0.5 * ((gru_step_values(live, case.x_2, h_1).h - case.y_2) ** 2).sum()
    return dict(zip(GRU_ITEMS, torch.autograd.grad(loss, list(leaves.values())), strict=True))


@pytest.mark.parametrize("scope", ["local", "total"])
@pytest.mark.parametrize("update", ["1", "2"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_six_gradients_agree_with_autograd(scope: Any, update: Any, seed: int) -> None:
    case = generic_gru_case(scope, update=update, seed=seed)
    assert furthest(gru_gradients(case), by_autograd(case)) <= 1e-12


def test_the_total_gradients_agree_with_difference_quotients() -> None:
    case = generic_gru_case("total")
    for item, found in gru_gradients(case).items():
        weight = getattr(case, item[1:])
        step = torch.zeros_like(weight)
        step[-1, 0] = 1e-6
        up, down = (gru_loss(replace(case, **{item[1:]: weight + sign * step})) for sign in (1, -1))
        assert float((up - down) / 2e-6) == pytest.approx(float(found[-1, 0]), rel=1e-6, abs=1e-9)


def test_local_and_total_gradients_differ_in_all_six() -> None:
    local, total = gru_gradients(generic_gru_case("local")), gru_gradients(generic_gru_case("total"))
    assert min(relative(local[item], total[item]) for item in GRU_ITEMS) > 0.05


def test_without_a_first_state_only_a_and_c_see_the_first_step() -> None:
    case = generic_gru_case()
    still = replace(case, h_0=torch.zeros_like(case.h_0))
    local, total = gru_gradients(still), gru_gradients(replace(still, scope="total"))
    changed = {item for item in GRU_ITEMS if relative(local[item], total[item]) > 1e-9}
    assert changed == {"dW_xz", "dW_xg"}


def test_gradients_have_the_shapes_of_their_weights() -> None:
    case = generic_gru_case()
    shapes = {item: tuple(value.shape) for item, value in gru_gradients(case).items()}
    assert shapes == {item: tuple(getattr(case, item[1:]).shape) for item in GRU_ITEMS}


@pytest.mark.parametrize("update", ["1", "2"])
def test_a_step_agrees_with_the_reference_cell(update: Any) -> None:
    case = generic_gru_case(update=update)
    zero = torch.zeros(4, dtype=torch.float64)
    roles = {
        role: Role(
            W_x=getattr(case, f"W_x{own}").mT,
            W_h=getattr(case, f"W_h{own}").mT,
            b_x=getattr(case, f"b_{own}"),
            b_h=zero,
        )
        for role, own in (("r", "r"), ("z", "z"), ("n", "g"))
    }
    expected = gru_step(case.x_1[None], case.h_0[None], roles, GRUForm(reset="before", update=update))[0]
    assert relative(gru_two_steps(case)[0].h, expected) <= 1e-12


def test_another_slope_of_the_sigmoid_is_followed_through() -> None:
    right, other = gru_gradients(generic_gru_case()), gru_gradients(generic_gru_case(sigmoid_slope=square_slope))
    _, second = gru_two_steps(generic_gru_case())
    for item, factor in (
        ("dW_xz", 1 + second.z),
        ("dW_hz", 1 + second.z),
        ("dW_xr", 1 + second.r),
        ("dW_hr", 1 + second.r),
    ):
        assert relative(other[item], right[item] * factor) <= 1e-12  # σ (1 − σ²) = (1 + σ) σ (1 − σ)
    assert all(relative(other[item], right[item]) == 0 for item in ("dW_xg", "dW_hg"))


def test_a_source_with_one_wrong_slope_is_right_in_all_six_once_its_slope_is_taken() -> None:
    """With one unit, W_hgᵀ h_1 entry by entry is what the right formula gives, so only σ' is left."""
    case = generic_gru_case(inputs=1, hidden=1)
    first, second = gru_two_steps(case)
    delta, h, x = second.h - case.y_2, first.h, case.x_2
    d_z = delta * (h - second.g) * square_slope(second.z)
    d_g = delta * (1 - second.z) * (1 - second.g**2)
    d_r = d_g * (case.W_hg.mT @ h) * square_slope(second.r)
    as_printed = {
        "dW_xz": x * d_z,
        "dW_hz": h * d_z,
        "dW_xg": x * d_g,
        "dW_hg": second.r * h * d_g,
        "dW_xr": x * d_r,
        "dW_hr": h * d_r,
    }
    followed = gru_gradients(replace(case, sigmoid_slope=square_slope))
    plain = gru_gradients(case)
    assert all(relative(value[None], followed[item]) <= 1e-12 for item, value in as_printed.items())
    assert {item for item in GRU_ITEMS if relative(as_printed[item][None], plain[item]) > 0.1} == {
        "dW_xz",
        "dW_hz",
        "dW_xr",
        "dW_hr",
    }


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations may be checked in this run; here the package's own checks are meant."""
    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", before)


@pytest.mark.usefixtures("unchecked")
def test_inputs_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"W_xr has shape \(4, 3\); wanted \(input, hidden\) with input = 3"):
        replace(generic_gru_case(), W_xr=torch.zeros(4, 3, dtype=torch.float64))
