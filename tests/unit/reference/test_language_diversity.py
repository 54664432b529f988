"""How varied texts are, and that a higher temperature makes them so."""

from __future__ import annotations

import math
import string

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator

from reference.language import compare_temperatures, diversity, draw, softmax_at_temperature

LETTERS = string.ascii_lowercase + " .,"


def written(T: float, seed: int, rows: int = 10, length: int = 30) -> list[str]:
    """Rows of characters, drawn one by one from scores that fall from the first character to the last."""
    p = softmax_at_temperature(-0.3 * torch.arange(len(LETTERS), dtype=torch.float64), T)
    generator = Generator().manual_seed(seed)
    return ["".join(LETTERS[draw(p, generator)] for _ in range(length)) for _ in range(rows)]


@pytest.mark.parametrize("k", [1, 2, 8])
def test_characters_of_equal_share_have_the_logarithm_of_their_number_as_entropy(k: int) -> None:
    found = diversity([LETTERS[:k] * 3, LETTERS[:k]])
    assert (found.characters, found.distinct) == (4 * k, k)
    assert found.entropy == pytest.approx(math.log(k), abs=1e-12)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_entropy_lies_between_0_and_the_logarithm_of_the_distinct_characters(texts: list[str]) -> None:
    found = diversity(texts)
    assert 0 <= found.entropy <= math.log(found.distinct) + 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_a_temperature_of_2_writes_more_varied_texts_than_one_of_a_half(seed: int) -> None:
    found = compare_temperatures(written(0.5, seed), written(2.0, seed + 100))
    assert found.warm_is_more_varied
    assert not compare_temperatures(written(2.0, seed), written(0.5, seed + 100)).warm_is_more_varied


def test_texts_of_unequal_length_are_compared_over_the_shorter_one() -> None:
    found = compare_temperatures(["aaab"], ["abcdefgh" * 9])
    assert (found.cold.characters, found.warm.characters) == (4, 4)
    assert found.warm.distinct == 4


def test_the_same_texts_are_not_more_varied() -> None:
    assert not compare_temperatures(["the sea"], ["the sea"]).warm_is_more_varied


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_texts_without_a_character_are_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="wanted at least one"):
        diversity(texts)
