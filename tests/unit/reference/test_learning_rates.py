"""The learning rate's named mistakes differ from the schedule and from each other, known collisions apart."""

from __future__ import annotations

import itertools

import pytest

from reference.curves import learning_rate
from reference.mistakes import collisions, function_mistakes

NAMES = """correct decays_at_once late_full_decay one_epoch_early one_epoch_late one_drop straight_line constant"""
EPOCHS = (1, 2, 14, 15, 16, 17, 30, 70)
CASES = {"constant epochs": (1, 2, 14, 15), "first decay": (16,)}


def values(epochs: tuple[int, ...]) -> dict[str, list[float]]:
    """What every entry gives, by identifier."""
    return {entry.mistake.id: [entry.function(epoch) for epoch in epochs] for entry in function_mistakes("rate")}


def test_every_entry_is_there() -> None:
    assert {name.removeprefix("rate.") for name in values(EPOCHS)} == set(NAMES.split())


def test_the_right_form_is_the_schedule() -> None:
    assert values(EPOCHS)["rate.correct"] == [learning_rate(epoch) for epoch in EPOCHS]


def test_all_entries_differ_by_more_than_half_a_per_cent_somewhere() -> None:
    for one, other in itertools.combinations(values(EPOCHS).values(), 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 5e-3


@pytest.mark.parametrize("collision", [c for c in collisions() if c.family == "rate"], ids=lambda c: c.case)
def test_a_collision_holds_exactly_for_those_that_it_names(collision) -> None:  # type: ignore[no-untyped-def]
    found = values(CASES[collision.case])

    same = {name for name, value in found.items() if value == pytest.approx(found["rate.correct"], abs=1e-12)}

    assert same == set(collision.same)
