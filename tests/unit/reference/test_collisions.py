"""Every two formulas of a family differ on generic inputs, or their collision is written down and shown here."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
from helpers.collision_cases import CASES, DISTINCT, GENERIC, SAME, Outcome, cells, distance, joined, outcomes, same

from reference.mistakes import all_mistakes, collisions
from reference.mistakes.catalogue import Collision

SEEDS = (0, 1)
SHOWN = [
    pytest.param(collision, id=f"{collision.case}-{collision.same[0]}")
    for collision in collisions()
    if collision.case in CASES
]
INPUTS = [
    pytest.param(name, place, id=f"{name}-{case.options.get('cell', case.of)}")
    for name, cases in CASES.items()
    for place, case in enumerate(cases)
]


@cache
def found_in(name: str, place: int, seed: int) -> dict[str, Outcome]:
    return outcomes(CASES[name][place], seed)


def groups(*cases: str) -> list[tuple[str, ...]]:
    return [collision.same for collision in collisions() if collision.case in cases]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", GENERIC)
def test_on_generic_inputs_every_two_formulas_differ_by_a_thousandth_at_least(family: str, seed: int) -> None:
    found = outcomes(GENERIC[family], seed)
    listed = joined(groups(*GENERIC[family].also))
    others = [pair for pair in itertools.combinations(found, 2) if frozenset(pair) not in listed]
    assert len(found) >= 6
    assert min(distance(found[one], found[other]) for one, other in others) >= DISTINCT
    assert same(found) == listed


@pytest.mark.parametrize("collision", SHOWN)
def test_a_listed_collision_is_there_under_its_condition(collision: Collision) -> None:
    for place in range(len(CASES[collision.case])):
        found = found_in(collision.case, place, SEEDS[0])
        assert max(distance(found[collision.same[0]], found[name]) for name in collision.same[1:]) <= SAME


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "place"), INPUTS)
def test_what_collides_under_a_condition_is_listed(name: str, place: int, seed: int) -> None:
    assert same(found_in(name, place, seed)) == joined(groups(name, *CASES[name][place].also))


@pytest.mark.parametrize("family", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
def test_a_second_step_from_zero_states_tells_apart_what_one_step_does_not(family: str) -> None:
    found = cells(family, 0, h=0.0, c=0.0, steps=2)
    assert same(found) == joined(groups(*GENERIC[family].also))


@pytest.mark.parametrize("collision", collisions(), ids=lambda collision: f"{collision.case}-{collision.same[0]}")
def test_a_collision_names_entries_and_ends_a_sentence(collision: Collision) -> None:
    assert set(collision.same) <= set(all_mistakes())
    assert len(set(collision.same)) == len(collision.same) >= 2
    assert collision.condition[0].islower() or not collision.condition[0].isalpha()
    assert not collision.condition.endswith(".")


def test_every_collision_of_a_cell_or_a_model_has_inputs_that_show_it() -> None:
    families = {name.split(".")[0] for name in CASES}
    assert {collision.case for collision in collisions() if collision.case.split(".")[0] in families} == set(CASES)
