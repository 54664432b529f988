"""Clipping against torch, by hand, and for any gradients."""

from __future__ import annotations

import math

import pytest
import torch
from helpers.collisions import listed_cases, listed_pairs, same_pairs
from helpers.observations import noise
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from reference.mistakes import function_mistakes
from reference.optimisers import clip_by_global_norm, clip_by_value, global_norm

F64 = torch.float64
BY_HAND = {"W": torch.tensor([3.0, -40.0, 5.0], dtype=F64), "b": torch.tensor([12.0, -1.0], dtype=F64)}
NORM = math.sqrt(9 + 1600 + 25 + 144 + 1)
SEVEN = {
    "elementwise": [3, -10, 5, 10, -1],
    "global_norm": [30 / NORM, -400 / NORM, 50 / NORM, 120 / NORM, -10 / NORM],
    "per_tensor_norm": [
        *(10 * g / math.sqrt(1634) for g in (3, -40, 5)),
        *(10 * g / math.sqrt(145) for g in (12, -1)),
    ],
    "upper_only": [3, -40, 5, 10, -1],
    "always_rescale": [30 / NORM, -400 / NORM, 50 / NORM, 120 / NORM, -10 / NORM],
    "zero_outside": [3, 0, 5, 0, -1],
    "abs": [3, 10, 5, 10, 1],
}


def flat(gradients: dict[str, Tensor]) -> Tensor:
    return torch.cat([g.flatten() for g in gradients.values()])


def clipped(name: str, gradients: dict[str, Tensor], N: float) -> Tensor:
    function = next(entry.function for entry in function_mistakes("clip") if entry.mistake.id == f"clip.{name}")
    return flat(function(gradients, N))


@pytest.mark.parametrize("name", SEVEN)
def test_each_way_to_clip_gives_what_is_worked_out_by_hand(name: str) -> None:
    assert clipped(name, BY_HAND, 10.0).tolist() == pytest.approx(SEVEN[name], abs=1e-12)


def test_the_seven_ways_are_all_there_are() -> None:
    assert {entry.mistake.id for entry in function_mistakes("clip")} == {f"clip.{name}" for name in SEVEN}


def parameters(gradients: dict[str, Tensor]) -> list[nn.Parameter]:
    held = [nn.Parameter(torch.zeros_like(g)) for g in gradients.values()]
    for parameter, g in zip(held, gradients.values(), strict=True):
        parameter.grad = g.clone()
    return held


def test_clipping_by_value_agrees_with_torch() -> None:
    gradients = {"W": noise(1, 3, 4) * 5, "b": noise(2, 4) * 5}
    held = parameters(gradients)
    nn.utils.clip_grad_value_(held, 3.0)
    expected = torch.cat([parameter.grad.flatten() for parameter in held if parameter.grad is not None])
    assert float((flat(clip_by_value(gradients, 3.0)) - expected).abs().max()) <= 1e-12


@pytest.mark.parametrize("N", [3.0, 300.0], ids=["clips", "leaves alone"])
def test_clipping_by_norm_agrees_with_torch(N: float) -> None:
    gradients = {"W": noise(1, 3, 4) * 5, "b": noise(2, 4) * 5}
    held = parameters(gradients)
    norm = nn.utils.clip_grad_norm_(held, N)
    expected = torch.cat([parameter.grad.flatten() for parameter in held if parameter.grad is not None])
    assert global_norm(gradients) == pytest.approx(float(norm), rel=1e-12)
    assert torch.allclose(flat(clip_by_global_norm(gradients, N)), expected, rtol=1e-6, atol=0)


NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6)


@given(NUMBERS, NUMBERS, st.floats(1e-3, 1e3))
def test_neither_way_exceeds_its_limit(one: list[float], other: list[float], N: float) -> None:
    gradients = {"one": torch.tensor(one, dtype=F64), "other": torch.tensor(other, dtype=F64)}
    assert float(flat(clip_by_value(gradients, N)).abs().max()) <= N
    assert global_norm(clip_by_global_norm(gradients, N)) <= N * (1 + 1e-12)


@given(NUMBERS, st.floats(1e-3, 1e3))
def test_clipping_twice_is_clipping_once(values: list[float], N: float) -> None:
    gradients = {"g": torch.tensor(values, dtype=F64)}
    for clip in (clip_by_value, clip_by_global_norm):
        once = clip(gradients, N)
        assert torch.allclose(clip(once, N)["g"], once["g"], rtol=1e-12, atol=0)


@given(NUMBERS, st.floats(1e-3, 1e3))
def test_one_factor_keeps_the_direction(values: list[float], N: float) -> None:
    g = torch.tensor(values, dtype=F64)
    scaled = clip_by_global_norm({"g": g}, N)["g"]
    assert float(g @ scaled) == pytest.approx(float(g.norm() * scaled.norm()), rel=1e-9, abs=1e-300)


def test_gradients_of_zero_stay_zero() -> None:
    zeros = {"g": torch.zeros(3, dtype=F64)}
    for name in SEVEN:
        assert clipped(name, zeros, 5.0).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_global_norm])
@pytest.mark.parametrize("N", [0.0, -1.0, float("nan")])
def test_a_limit_that_is_not_positive_is_refused(clip: object, N: float) -> None:
    with pytest.raises(ValueError, match=r"N is .*; wanted a positive number"):
        clip(BY_HAND, N)  # type: ignore[operator]  # one of the two functions


def test_arguments_are_left_as_they_are() -> None:
    before = {name: g.clone() for name, g in BY_HAND.items()}
    clip_by_value(BY_HAND, 1.0)
    clip_by_global_norm(BY_HAND, 1.0)
    assert all(torch.equal(g, before[name]) for name, g in BY_HAND.items())


CASES = {
    "norm above N": (BY_HAND, 10.0),
    "norm below N": (BY_HAND, 100.0),
    "one gradient": ({"W": BY_HAND["W"]}, 10.0),
    "no negative element": ({name: g.abs() for name, g in BY_HAND.items()}, 10.0),
}


def pairs(gradients: dict[str, Tensor], N: float) -> set[frozenset[str]]:
    return same_pairs({f"clip.{name}": clipped(name, gradients, N) for name in SEVEN})


@pytest.mark.parametrize("case", CASES)
def test_ways_to_clip_are_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    above = listed_pairs("clip", "norm above N") if case == "no negative element" else set()
    assert pairs(*CASES[case]) == listed_pairs("clip", case) | above


def test_a_norm_above_and_one_below_the_limit_together_tell_all_ways_apart() -> None:
    assert pairs(*CASES["norm above N"]) & pairs(*CASES["norm below N"]) == set()


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("clip") == set(CASES)
