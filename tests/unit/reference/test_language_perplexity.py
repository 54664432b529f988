"""Perplexity against products of probabilities, by hand, and what tells its named mistakes apart."""

from __future__ import annotations

import math

import pytest
import torch
from helpers.collisions import listed_cases, listed_pairs, same_pairs
from helpers.observations import noise
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reference.language import perplexity, perplexity_of_bits
from reference.mistakes import function_mistakes

F64 = torch.float64
LOSSES = torch.tensor([4.1824, 5.5902, 3.3335, 5.4286, 5.3670, 5.3930, 4.2201], dtype=F64)
EQUAL = torch.full((7,), 10.0, dtype=F64)
UNEQUAL = torch.tensor([10.0] * 6 + [3.0], dtype=F64)


def named(name: str, losses: Tensor, tokens: Tensor) -> float:
    return float(next(e for e in function_mistakes("ppl") if e.mistake.id == f"ppl.{name}").function(losses, tokens))


@pytest.mark.parametrize(
    ("name", "tokens", "expected"),
    [
        ("correct", EQUAL, 120.04),
        ("correct", UNEQUAL, 127.86),
        ("unweighted_batches", UNEQUAL, 120.04),
        ("two_to_bits", EQUAL, 120.04),
        ("two_to_nats", EQUAL, 27.62),
        ("mean_of_exp", EQUAL, 155.90),
        ("exp_of_sum", EQUAL, 3.59e14),
        ("bits_vs_nats", EQUAL, 999.3),
    ],
)
def test_numbers_are_those_worked_out_by_hand(name: str, tokens: Tensor, expected: float) -> None:
    assert named(name, LOSSES, tokens) == pytest.approx(expected, rel=1e-3)


def test_perplexity_is_the_inverse_geometric_mean_of_the_probabilities() -> None:
    probabilities = noise(1, 12).abs() / 2
    losses = torch.stack([-part.log().mean() for part in probabilities.split(5)])
    expected = float(probabilities.prod()) ** (-1 / 12)
    assert float(perplexity(losses, torch.tensor([5.0, 5.0, 2.0], dtype=F64))) == pytest.approx(expected, rel=1e-12)


def test_bits_and_nats_give_one_perplexity() -> None:
    found = perplexity_of_bits(LOSSES / math.log(2), UNEQUAL)
    assert float(found) == pytest.approx(float(perplexity(LOSSES, UNEQUAL)), rel=1e-12)


@pytest.mark.parametrize("vocabulary", [1, 10, 10_000])
def test_an_even_guess_has_the_size_of_the_vocabulary_as_perplexity(vocabulary: int) -> None:
    losses = torch.full((3,), math.log(vocabulary), dtype=F64)
    assert float(perplexity(losses, torch.tensor([4, 4, 1]))) == pytest.approx(vocabulary, rel=1e-12)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 1000)), min_size=1, max_size=8))
def test_perplexity_lies_between_1_and_that_of_the_worst_batch(batches: list[tuple[float, int]]) -> None:
    losses = torch.tensor([loss for loss, _ in batches], dtype=F64)
    found = float(perplexity(losses, torch.tensor([count for _, count in batches])))
    assert 1 - 1e-12 <= found <= math.exp(float(losses.max())) * (1 + 1e-12)


@pytest.mark.parametrize("tokens", [[0.0, 0.0], [3.0, -1.0]], ids=["none", "negative"])
def test_counts_that_mean_nothing_are_refused(tokens: list[float]) -> None:
    with pytest.raises(ValueError, match=r"tokens is .*; wanted"):
        perplexity(torch.tensor([1.0, 2.0], dtype=F64), torch.tensor(tokens, dtype=F64))


def test_fewer_counts_than_losses_are_refused() -> None:
    with pytest.raises((ValueError, TypeError)):  # where shapes are checked at run time, by the checker
        perplexity(LOSSES, EQUAL[:1])


CASES = {
    "generic": (LOSSES, UNEQUAL),
    "equal batches": (LOSSES, EQUAL),
    "equal losses": (LOSSES[:1].repeat(7), UNEQUAL),
    "one batch": (LOSSES[:1], UNEQUAL[:1]),
}


@pytest.mark.parametrize("case", CASES)
def test_formulas_are_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    values = {entry.mistake.id: entry.function(*CASES[case]) for entry in function_mistakes("ppl")}
    assert same_pairs(values) == listed_pairs("ppl", case)


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("ppl") == set(CASES) - {"generic"}


def test_every_known_deviation_is_there() -> None:
    names = {entry.mistake.id.split(".")[1] for entry in function_mistakes("ppl")}
    assert names >= {"two_to_nats", "mean_of_exp", "exp_of_sum", "unweighted_batches", "bits_vs_nats"}


def test_twice_the_text_has_the_same_perplexity_but_not_the_same_exponential_of_the_sum() -> None:
    twice, tokens = LOSSES.repeat(2), EQUAL.repeat(2)
    assert named("correct", twice, tokens) == pytest.approx(named("correct", LOSSES, EQUAL), rel=1e-12)
    assert named("exp_of_sum", twice, tokens) > 1e28
