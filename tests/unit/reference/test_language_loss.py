"""The loss of a language model against torch, and what tells its named mistakes apart."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from helpers.collisions import listed_cases, listed_pairs, same_pairs
from helpers.observations import noise

from reference.language import sequence_loss
from reference.mistakes import function_mistakes

Y = noise(1, 6, 4) * 2
TARGETS = torch.tensor([0, 3, 1, 1, 2, 0])


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_loss_agrees_with_torch(reduction: Literal["sum", "mean"]) -> None:
    expected = torch.nn.functional.cross_entropy(Y, TARGETS, reduction=reduction)
    assert float((sequence_loss(Y, TARGETS, reduction) - expected).abs()) <= 1e-12


def test_loss_of_an_even_guess_is_the_logarithm_of_the_vocabulary_at_each_step() -> None:
    assert sequence_loss(torch.zeros(5, 8, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 7])).item() == pytest.approx(
        5 * torch.tensor(8.0).log().item()
    )


def test_probabilities_that_round_to_zero_have_a_finite_loss() -> None:
    y = torch.tensor([[0.0, 2000.0]], dtype=torch.float64)
    assert sequence_loss(y, torch.tensor([0])).item() == pytest.approx(2000.0)


@pytest.mark.parametrize("targets", [[0, 1, 4], [0, -1, 1]], ids=["beyond the vocabulary", "negative"])
def test_targets_that_are_no_words_are_refused(targets: list[int]) -> None:
    with pytest.raises(ValueError, match=r"targets is .*; wanted 3 indices from 0 to 3"):
        sequence_loss(Y[:3], torch.tensor(targets, dtype=torch.int64))


def test_a_sequence_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="targets is empty; wanted at least one step"):
        sequence_loss(Y[:0], TARGETS[:0])


def test_fewer_targets_than_steps_are_refused() -> None:
    with pytest.raises((ValueError, TypeError)):  # where shapes are checked at run time, by the checker
        sequence_loss(Y, TARGETS[:2])


def test_sum_and_mean_have_the_same_direction_of_descent() -> None:
    gradients = []
    for reduction in ("sum", "mean"):
        y = Y.clone().requires_grad_()
        sequence_loss(y, TARGETS, reduction).backward()  # type: ignore[arg-type]  # one of the two literals
        gradients.append(y.grad)
    assert gradients[0] is not None
    assert gradients[1] is not None
    assert torch.allclose(gradients[0], 6 * gradients[1], rtol=1e-12)


CASES = {
    "generic": (Y, TARGETS),
    "one step": (Y[:1], TARGETS[:1]),
    "equal steps": (torch.zeros(6, 4, dtype=torch.float64), TARGETS),
}


@pytest.mark.parametrize("case", CASES)
def test_formulas_are_the_same_where_the_catalogue_says_so_and_nowhere_else(case: str) -> None:
    values = {entry.mistake.id: entry.function(*CASES[case]) for entry in function_mistakes("lmloss")}
    assert same_pairs(values) == listed_pairs("lmloss", case)


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("lmloss") == set(CASES) - {"generic"}


def test_every_known_deviation_is_there() -> None:
    names = {entry.mistake.id.split(".")[1] for entry in function_mistakes("lmloss")}
    assert names >= {"missing_minus", "mean_for_sum", "corpus_for_vocab", "last_step_only"}
