"""Attacks on a question about a model, for which library layers stand in for the student's cells in a second kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.hostile_attacks import HandIn, attacks_of
from helpers.hostile_plan import WAYS, Tried, assert_nothing_gained, assert_undisturbed, tried

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module", params=WAYS)
def attacked(request: pytest.FixtureRequest) -> Iterator[Tried]:
    with tried(request.param, layered=True) as done:
        yield done


@pytest.mark.parametrize("name", [name for name, attack in attacks_of(HandIn).items() if attack.layered])
def test_stand_ins_earn_nothing_for_whoever_seeks_them(name: str, attacked: Tried) -> None:
    graded, attack = attacked.graded(name), attacks_of(HandIn)[name]

    assert_nothing_gained(attacked, name)
    assert set(attack.flags) <= set(graded.flags)
    assert not attack.flags or graded.row["status"] == "needs-review"
    attack.shown(graded)


def test_the_honest_hand_in_behind_all_attacks_is_untouched(attacked: Tried) -> None:
    assert_undisturbed(attacked)


def test_nothing_is_left_running(attacked: Tried) -> None:
    assert attacked.batch.left == []
