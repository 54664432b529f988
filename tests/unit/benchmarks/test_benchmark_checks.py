"""The tests that the peers run: they pass for the model solution, and each of them can fail."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peers.checks import CHECKS, call, full_marks, points, source
from peers.contenders import graded_notebook

from grader.rubric import load_rubric
from grader.workshop.hand_in import HandIn
from grader.workshop.planted import read_planted
from grader.workshop.planting import hand_in

RUBRIC = load_rubric(Path(__file__).resolve().parents[3] / "rubrics" / "imperial_cw3")
CAUGHT = {
    "lstm_parameters": "bias ignored in 1a",
    "lstm_forward": "lstm.forget_inverted in 1b",
    "lstm_default_state": "cell.stateful in 1b",
    "gru_parameters": "bias ignored in 1c",
    "gru_forward": "gru.no_reset in 1d",
    "gru_default_state": "cell.stateful in 1d: a counter in the cell",
    "model_cells": "one layer too few in 2c",
    "model_bias_flag": "model.bias_ignored in 2b",
    "model_lstm": "model.lstm_uses_cell_output in 2e",
    "model_gru": "one cell for all upper layers in 2b",
    "model_rnn_relu": "model.wrong_nonlinearity in 2d",
    "model_unknown_mode": "model.no_value_error in 2f",
    "bidirectional_shape": "model.layers_not_stacked in 2g",
    "bidirectional_gru": "bidir.both_mean in 2g",
}
"""Test -> a planted mistake at which it fails."""


def names_of(notebook: HandIn) -> dict[str, Any]:
    """What the answers of a notebook define; our own code, so it may run here."""
    names: dict[str, Any] = {"math": math, "torch": torch, "nn": torch.nn}
    for identifier in ("cells", "models", "theory-3-labels"):
        exec(notebook.source(identifier), names)
    return names


def passes(check: Callable[..., None], names: dict[str, Any]) -> bool:
    try:
        check(*(names.get(name) for name in inspect.signature(check).parameters))
    except Exception:  # noqa: BLE001 - the peers, too, take any exception for a failure
        return False
    return True


@pytest.fixture(scope="module")
def solution() -> dict[str, Any]:
    return names_of(HandIn(RUBRIC))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_check_passes_for_the_model_solution(check: Callable[..., None], solution: dict[str, Any]) -> None:
    assert passes(check, solution)


@pytest.mark.parametrize("name", CAUGHT)
def test_a_check_fails_at_a_planted_mistake(name: str) -> None:
    planted = next(item for item in read_planted(RUBRIC.folder, "mutants") if item.title == CAUGHT[name])
    check = next(check for check in CHECKS if check.__name__ == name)
    assert not passes(check, names_of(hand_in(RUBRIC, planted)))


def test_the_labels_fail_where_two_are_exchanged(solution: dict[str, Any]) -> None:
    labels = next(check for check in CHECKS if check.__name__ == "labels")
    assert not passes(labels, {**solution, "A_model": "LSTM", "B_model": "GRU"})


def test_every_check_is_shown_to_fail() -> None:
    assert {check.__name__ for check in CHECKS} == {*CAUGHT, "labels"}


def test_a_shipped_check_needs_nothing_but_torch(solution: dict[str, Any]) -> None:
    for check in CHECKS:
        names: dict[str, Any] = {"torch": torch}
        exec(source(check), names)
        names |= {name: solution[name] for name in inspect.signature(check).parameters}
        exec(call(check), names)


def test_every_check_is_worth_something() -> None:
    assert min(map(points, CHECKS)) > 0
    assert full_marks() == 29


def test_nbgrader_gets_each_check_as_a_locked_cell_at_the_end() -> None:
    before = json.loads(HandIn(RUBRIC).bytes())["cells"]
    after = json.loads(graded_notebook(HandIn(RUBRIC).bytes()))["cells"]
    added = [cell["metadata"]["nbgrader"] for cell in after[len(before) :]]
    assert after[: len(before)] == before
    assert [facts["grade_id"] for facts in added] == [check.__name__ for check in CHECKS]
    assert sum(facts["points"] for facts in added) == full_marks()
    assert all(facts["grade"] and facts["locked"] for facts in added)
