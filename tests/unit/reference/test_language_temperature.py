"""Softmax with a temperature: two conventions, by hand, and what tells its named mistakes apart."""

from __future__ import annotations

import pytest
import torch
from helpers.collisions import listed_cases, listed_pairs, same_pairs
from helpers.observations import noise
from torch import Tensor

from reference.language import sharpened, softmax_at_beta, softmax_at_temperature
from reference.mistakes import function_mistakes

X = torch.tensor([2.0, 1.0, 0.1, -1.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("T", "expected"), [(0.5, [0.8619, 0.1166, 0.0193, 0.0021]), (2.0, [0.4512, 0.2737, 0.1745, 0.1007])]
)
def test_probabilities_are_those_worked_out_by_hand(T: float, expected: list[float]) -> None:
    assert softmax_at_temperature(X, T).tolist() == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("T", [0.25, 0.5, 1.0, 2.0, 7.0])
def test_both_conventions_and_powers_of_probabilities_agree(T: float) -> None:
    x = noise(1, 3, 5)
    powers = x.softmax(dim=-1) ** (1 / T)
    expected = powers / powers.sum(dim=-1, keepdim=True)
    for found in (softmax_at_temperature(x, T), softmax_at_beta(x, 1 / T), sharpened(x.softmax(dim=-1), T)):
        assert float((found - expected).abs().max()) <= 1e-12


def test_large_scores_do_not_overflow() -> None:
    assert softmax_at_temperature(X * 1e4, 0.1).tolist() == [1.0, 0.0, 0.0, 0.0]


def test_an_impossible_outcome_stays_impossible_at_every_temperature() -> None:
    assert sharpened(torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64), 3.0).tolist() == [0.5, 0.5, 0.0]


def test_an_inverse_temperature_of_zero_makes_all_alike() -> None:
    assert softmax_at_beta(X, 0.0).tolist() == [0.25] * 4


@pytest.mark.parametrize("T", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(T: float) -> None:
    with pytest.raises(ValueError, match=r"T is .*; wanted a positive number"):
        softmax_at_temperature(X, T)


@pytest.mark.parametrize("beta", [-1.0, float("nan")])
def test_a_negative_inverse_temperature_is_refused(beta: float) -> None:
    with pytest.raises(ValueError, match=r"beta is .*; wanted a number that is not negative"):
        softmax_at_beta(X, beta)


CASES: dict[str, tuple[Tensor, float]] = {
    "generic": (X, 2.0),
    "temperature 1": (X, 1.0),
    "equal scores": (torch.ones_like(X), 2.0),
}


@pytest.mark.parametrize("case", CASES)
def test_formulas_are_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    values = {entry.mistake.id: entry.function(*CASES[case]) for entry in function_mistakes("temp")}
    assert same_pairs(values) == listed_pairs("temp", case)


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("temp") == set(CASES) - {"generic"}


def test_every_known_deviation_is_there() -> None:
    names = {entry.mistake.id for entry in function_mistakes("temp")}
    assert names >= {"temp.multiply", "temp.softmax_of_softmax", "temp.argmax", "temp.temp_ignored"}


def test_multiplying_by_a_temperature_is_dividing_by_its_inverse() -> None:
    multiply = next(entry for entry in function_mistakes("temp") if entry.mistake.id == "temp.multiply")
    assert torch.allclose(multiply.function(X, 0.5), softmax_at_temperature(X, 2.0), rtol=1e-12)
