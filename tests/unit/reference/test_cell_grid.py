"""Every formula in every layout: what is right is accepted, what is wrong is rejected and named."""

from __future__ import annotations

from functools import cache

import pytest
from helpers.observations import grid, make_cell, observe_cell

from reference.mistakes import cell_mistakes
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

RIGHT = ("exact", "equivalent")
OTHER_ACTIVATION = {
    "rnn_tanh": ("rnn.correct_relu", "rnn.tanh_for_relu"),
    "rnn_relu": ("rnn.correct_tanh", "rnn.relu_for_tanh"),
}
"""Formulas that are those of the other family."""
NOT_NAMED = {
    ("lstm", "lstm.candidate_relu"): {"gate_hx"},
    ("rnn_relu", "rnn.activation_split"): {"hx", "gate_hx"},
    ("rnn_relu", "rnn.act_on_x_only"): {"hx", "gate_hx"},
}
"""Layouts in which a relu is 0 at the point of the derivatives for one of the seeds: such a cell goes to a person."""
SEEDS = (0, 1)


def formulas(family: str, effect: str) -> list[str]:
    return [
        entry.mistake.id
        for entry in cell_mistakes(FAMILIES[family].prefix)
        if entry.mistake.effect == effect and entry.mistake.id not in OTHER_ACTIVATION.get(family, ())
    ]


GOOD = [(family, name) for family in FAMILIES for name in formulas(family, "equivalent")]
BAD = [(family, name) for family in FAMILIES for name in formulas(family, "wrong")]


def judged(family: str, formula: str, layout: str, order: str | None, seed: int = 0) -> CellVerdict:
    cell = make_cell(family, formula, layout, order=order, seed=seed)
    return ORACLE.recognise_cell(family, observe_cell(cell, family), {})


def where(layout: str, order: str | None) -> str:
    return layout if order is None else f"{layout} {order}"


@cache
def verdicts(family: str, formula: str) -> dict[str, list[CellVerdict]]:
    """By layout, for each seed."""
    return {
        where(layout, order): [judged(family, formula, layout, order, seed) for seed in SEEDS]
        for layout, order in grid(family)
    }


def test_the_grid_holds_all_layouts() -> None:
    assert {family: len(grid(family)) for family in FAMILIES} == {"lstm": 37, "gru": 19, "rnn_tanh": 14, "rnn_relu": 14}


@pytest.mark.slow
@pytest.mark.parametrize(("family", "formula"), GOOD)
def test_what_is_right_is_accepted_in_every_layout(family: str, formula: str) -> None:
    found = verdicts(family, formula)
    assert {layout for layout, said in found.items() if any(one.status not in RIGHT for one in said)} == set()


@pytest.mark.slow
@pytest.mark.parametrize(("family", "formula"), BAD)
def test_what_is_wrong_is_rejected_in_every_layout(family: str, formula: str) -> None:
    found = verdicts(family, formula)
    assert {layout for layout, said in found.items() if any(one.status in RIGHT for one in said)} == set()


@pytest.mark.slow
@pytest.mark.parametrize(("family", "formula"), BAD)
def test_what_is_wrong_is_named_in_every_layout(family: str, formula: str) -> None:
    found = verdicts(family, formula)
    others = {layout for layout, said in found.items() if any(one.mistakes != (formula,) for one in said)}
    assert others == NOT_NAMED.get((family, formula), set())
    assert all(one.status in ("mistake", "unrecognised") for said in found.values() for one in said)


def test_hardly_any_cell_of_the_grid_goes_without_a_name() -> None:
    cells = sum(len(SEEDS) * len(grid(family)) for family, _ in BAD)
    assert sum(map(len, NOT_NAMED.values())) < 0.005 * cells


@pytest.mark.parametrize(("place", "family", "formula"), [(place, *pair) for place, pair in enumerate(BAD)])
def test_what_is_wrong_is_named_in_one_more_layout_each(place: int, family: str, formula: str) -> None:
    layouts = grid(family)
    assert judged(family, formula, *layouts[1 + place % (len(layouts) - 1)]).mistakes == (formula,)


@pytest.mark.parametrize(("place", "family", "formula"), [(place, *pair) for place, pair in enumerate(GOOD)])
def test_what_is_right_is_accepted_in_one_more_layout_each(place: int, family: str, formula: str) -> None:
    layouts = grid(family)
    assert judged(family, formula, *layouts[1 + place % (len(layouts) - 1)]).status in RIGHT
