"""Random families, formulas, layouts, sizes and seeds: nothing wrong is accepted, nothing right is rejected."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.observations import grid, make_cell, observe_cell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference.mistakes import cell_mistakes
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

RIGHT = ("exact", "equivalent")
PATIENT = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@st.composite
def trials(draw: Any, effect: str) -> dict[str, Any]:
    """A formula of one effect in some layout, at some sizes."""
    family = draw(st.sampled_from(sorted(FAMILIES)))
    known = FAMILIES[family]
    other = {
        "rnn_tanh": ("rnn.correct_relu", "rnn.tanh_for_relu"),
        "rnn_relu": ("rnn.correct_tanh", "rnn.relu_for_tanh"),
    }
    names = [
        entry.mistake.id
        for entry in cell_mistakes(known.prefix)
        if entry.mistake.effect == effect and entry.mistake.id not in other.get(family, ())
    ]
    layout, order = draw(st.sampled_from(grid(family)))
    return {
        "family": family,
        "formula": draw(st.sampled_from(names)),
        "layout": layout,
        "order": order,
        "bias": draw(st.booleans()),
        "sizes": (draw(st.integers(2, 7)), draw(st.integers(2, 6))),
        "seed": draw(st.integers(0, 10_000)),
    }


def judged(family: str, formula: str, layout: str, sizes: tuple[int, int], seed: int, **options: Any) -> CellVerdict:
    cell = make_cell(family, formula, layout, sizes=sizes, seed=seed, **options)
    return ORACLE.recognise_cell(family, observe_cell(cell, family, seed=seed, sizes=sizes), {})


def accepted(trial: dict[str, Any]) -> bool:
    return judged(**trial).status in RIGHT


@settings(max_examples=25, **PATIENT)
@given(trials("equivalent"))
def test_a_right_cell_is_accepted_wherever_it_is_tried(trial: dict[str, Any]) -> None:
    assert accepted(trial)


@settings(max_examples=40, **PATIENT)
@given(trials("wrong"))
def test_a_wrong_cell_is_accepted_nowhere(trial: dict[str, Any]) -> None:
    assert not accepted(trial)


@pytest.mark.slow
@settings(max_examples=1000, **PATIENT)
@given(trials("equivalent"))
def test_a_thousand_right_cells_are_accepted(trial: dict[str, Any]) -> None:
    assert accepted(trial)


@pytest.mark.slow
@settings(max_examples=1500, **PATIENT)
@given(trials("wrong"))
def test_one_and_a_half_thousand_wrong_cells_are_not_accepted(trial: dict[str, Any]) -> None:
    assert not accepted(trial)
