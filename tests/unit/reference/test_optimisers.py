"""RMSProp and Adam against torch's own optimisers, and their named mistakes against each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from helpers.collisions import listed_cases, listed_pairs, same_pairs
from helpers.observations import noise
from torch import Tensor

from reference.mistakes import FunctionMistake, function_mistakes
from reference.optimisers import (
    AdamSettings,
    RMSPropSettings,
    adam_start,
    adam_step,
    rmsprop_start,
    rmsprop_step,
)

SHAPE = (3, 2)
RMS = RMSPropSettings(eta=0.02, alpha=0.9, eps=1e-2)
ADAM = AdamSettings(eta=0.02, beta_1=0.8, beta_2=0.95, eps=1e-2)


def gradients(count: int = 6) -> list[Tensor]:
    """Of three sizes and both signs, and none near 0, where ε matters however small it is."""
    raw = [noise(20 + step, *SHAPE) for step in range(count)]
    return [(g + 0.3 * g.sign()) * 10 ** (step % 3 - 1) for step, g in enumerate(raw)]


def path(step: object, start: object, steps: Sequence[Tensor], settings: object) -> Tensor:
    """The weights after each step, one below the other."""
    w = noise(1, *SHAPE)
    state = start(w)  # type: ignore[operator]  # one of the two start functions
    weights = []
    for g in steps:
        w, state = step(w, g, state, settings)  # type: ignore[operator]  # a step function of either method
        weights.append(w)
    return torch.stack(weights)


def torch_path(optimiser: type[torch.optim.Optimizer], **settings: object) -> Tensor:
    w = noise(1, *SHAPE).requires_grad_()
    method = optimiser([w], **settings)
    weights = []
    for g in gradients():
        w.grad = g.clone()
        method.step()
        weights.append(w.detach().clone())
    return torch.stack(weights)


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


@pytest.mark.parametrize("settings", [RMS, RMSPropSettings()], ids=["large eps", "defaults"])
def test_rmsprop_agrees_with_torch(settings: RMSPropSettings) -> None:
    expected = torch_path(torch.optim.RMSprop, lr=settings.eta, alpha=settings.alpha, eps=settings.eps)
    assert far(path(rmsprop_step, rmsprop_start, gradients(), settings), expected) <= 1e-12


@pytest.mark.parametrize("settings", [ADAM, AdamSettings()], ids=["large eps", "defaults"])
def test_adam_agrees_with_torch(settings: AdamSettings) -> None:
    betas = (settings.beta_1, settings.beta_2)
    expected = torch_path(torch.optim.Adam, lr=settings.eta, betas=betas, eps=settings.eps)
    assert far(path(adam_step, adam_start, gradients(), settings), expected) <= 1e-12


def test_rmsprop_of_one_number_is_what_is_worked_out_by_hand() -> None:
    w, g = torch.tensor([1.0], dtype=torch.float64), torch.tensor([2.0], dtype=torch.float64)
    settings = RMSPropSettings(eta=0.1, alpha=0.75, eps=1.0)
    # r = 0.25 · 4 = 1, u = −0.1 · 2 / (1 + 1) = −0.1
    moved, state = rmsprop_step(w, g, rmsprop_start(w), settings)
    assert (moved.item(), state.r.item(), state.u.item()) == pytest.approx((0.9, 1.0, -0.1))


def test_adam_of_one_number_moves_by_the_learning_rate_at_first() -> None:
    w, g = torch.tensor([1.0], dtype=torch.float64), torch.tensor([-250.0], dtype=torch.float64)
    moved, state = adam_step(w, g, adam_start(w), AdamSettings(eta=0.1, eps=0.0))
    assert (moved.item(), state.t) == (pytest.approx(1.1), 1)


def test_a_step_leaves_its_arguments_as_they_are() -> None:
    w, g = noise(1, *SHAPE), noise(2, *SHAPE)
    rms, adam = rmsprop_start(w), adam_start(w)
    before = [value.clone() for value in (w, g, rms.r, rms.u, adam.m, adam.v)]
    rmsprop_step(w, g, rms)
    adam_step(w, g, adam)
    after = [w, g, rms.r, rms.u, adam.m, adam.v]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


RMS_CASES = {
    "generic": (gradients(3), RMS),
    "first step": (gradients(1), RMS),
    "tiny eps": (gradients(3), replace(RMS, eps=1e-12)),
    "learning rate 1": (gradients(3), replace(RMS, eta=1.0)),
    "gradients of 1": ([torch.ones(SHAPE, dtype=torch.float64)] * 3, RMS),
    "alpha one half": (gradients(3), replace(RMS, alpha=0.5)),
}
ADAM_CASES = {
    "generic": (gradients(3), ADAM),
    "first step": (gradients(1), ADAM),
    "tiny eps": (gradients(3), replace(ADAM, eps=1e-12)),
    "equal betas": (gradients(3), replace(ADAM, beta_2=0.8)),
    "betas of 0": (gradients(3), replace(ADAM, beta_1=0.0, beta_2=0.0)),
}


def values(entries: Sequence[FunctionMistake], start: object, case: tuple[object, object]) -> dict[str, Tensor]:
    return {entry.mistake.id: path(entry.function, start, *case) for entry in entries}  # type: ignore[arg-type]  # cases


@pytest.mark.parametrize("case", RMS_CASES)
def test_rmsprop_formulas_are_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    found = values(function_mistakes("rms"), rmsprop_start, RMS_CASES[case])
    assert same_pairs(found) == listed_pairs("rms", case)


@pytest.mark.parametrize("case", ADAM_CASES)
def test_adam_formulas_are_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    found = values(function_mistakes("adam"), adam_start, ADAM_CASES[case])
    assert same_pairs(found) == listed_pairs("adam", case)


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("rms") == set(RMS_CASES) - {"generic"}
    assert listed_cases("adam") == set(ADAM_CASES) - {"generic"}


RMS_IDS = """no_gradient eta_twice no_gradient_and_eta_twice momentum plus_sign no_square no_sqrt alpha_swapped
    eps_inside"""
ADAM_IDS = "no_bias_corr no_m_corr no_v_corr corr_no_power betas_swapped no_sqrt eps_inside"


def test_every_known_deviation_of_an_optimiser_is_there() -> None:
    assert {entry.mistake.id for entry in function_mistakes("rms")} >= {f"rms.{name}" for name in RMS_IDS.split()}
    assert {entry.mistake.id for entry in function_mistakes("adam")} >= {f"adam.{name}" for name in ADAM_IDS.split()}


def test_at_the_usual_eps_its_place_cannot_be_seen_in_float32() -> None:
    found = values(function_mistakes("adam"), adam_start, (gradients(6), AdamSettings(eta=0.01)))
    gap = far(found["adam.eps_inside"], found["adam.correct"])
    assert 0 < gap < 1e-6
