"""Cells and models of a coursework on recurrent networks, judged by the real oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.kinds_evidence import Bench, question
from helpers.kinds_networks import (
    CELLS,
    MODES,
    STAND_INS,
    BasicRNNCell,
    CrashingCell,
    ForgetInverted,
    GRUCell,
    LSTMCell,
    SquaredCell,
    bidirectional,
    stacked,
)

from grader.records import Outcome
from grader.score.kinds import Verdict
from reference.oracle import ORACLE

COMMON: dict[str, Any] = {
    "modes": MODES,
    "cells": CELLS,
    "cell_arguments": {
        "RNN_TANH": ["input_size", "hidden_size", True, "tanh"],
        "RNN_RELU": ["input_size", "hidden_size", True, "relu"],
    },
}
QUESTIONS = (
    question("1b", "cell", target="LSTMCell", family="lstm"),
    question("1d", "cell", target="GRUCell", family="gru"),
    question(
        "2e",
        "model",
        target="RNNModel",
        architecture="stacked",
        roles={"cells": "rnn_cell_list", "classifier": "fc"},
        uses=("1b",),
        **COMMON,
    ),
    question(
        "2g",
        "model",
        target="BidirRecurrentModel",
        architecture="bidirectional",
        roles={"cells": "rnn_cell_list", "reverse_cells": "rnn_cell_list_rev", "classifier": "fc"},
        uses=("1b",),
        **COMMON,
    ),
)


FEW: list[dict[str, Any]] = [
    {"mode": "LSTM", "layers": 3},
    {"mode": "LSTM", "layers": 3, "input_size": 6, "hidden_size": 6, "bias": False},
    {"mode": "GRU", "layers": 2, "batch": 2},
    {"mode": "RNN_RELU", "layers": 3},
]
"""Runs instead of the covering array, where a test is about one fault."""


def take(
    tmp_path: Path, asked: str, classes: dict[str, Any], scope: dict[str, Any] | None = None, runs: Any = None
) -> Bench:
    """Evidence for one question and the cells that it uses."""
    wanted = [one for one in QUESTIONS if one.id == asked or one.id.startswith("1")]
    if runs is not None:
        (check,) = wanted[-1].checks
        fewer = check.model_copy(update={"parameters": check.parameters | {"runs": runs}})
        wanted[-1] = wanted[-1].model_copy(update={"checks": (fewer,)})
    return Bench(tmp_path, ORACLE, *wanted).take(classes, stand_ins=STAND_INS, scope=scope)


def judged_cell(tmp_path: Path, asked: str, **classes: Any) -> Verdict:
    return take(tmp_path, asked, classes).judge(asked)


def take_model(tmp_path: Path, asked: str, make: Any, *, runs: Any = FEW, **cells: Any) -> Bench:
    """Evidence for a model over right cells, unless others are given."""
    scope: dict[str, Any] = {}
    name = {"2e": "RNNModel", "2g": "BidirRecurrentModel"}[asked]
    given = {"LSTMCell": LSTMCell, "GRUCell": GRUCell, "BasicRNNCell": BasicRNNCell} | cells
    return take(tmp_path, asked, {**given, name: make(scope)}, scope, runs)


def judged_model(tmp_path: Path, asked: str, make: Any, *, runs: Any = FEW, **cells: Any) -> Verdict:
    """The verdict on such a model."""
    return take_model(tmp_path, asked, make, runs=runs, **cells).judge(asked)


@pytest.mark.parametrize(("asked", "name", "cell"), [("1b", "LSTMCell", LSTMCell), ("1d", "GRUCell", GRUCell)])
def test_a_right_cell_earns_full_marks(tmp_path: Path, asked: str, name: str, cell: type) -> None:
    verdict = judged_cell(tmp_path, asked, **{name: cell})

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (Outcome.PASSED, 12, ())


def test_the_form_of_a_right_cell_is_said(tmp_path: Path) -> None:
    assert judged_cell(tmp_path, "1d", GRUCell=GRUCell).convention


def test_an_inverted_gate_is_named_and_keeps_half(tmp_path: Path) -> None:
    verdict = judged_cell(tmp_path, "1b", LSTMCell=ForgetInverted)

    assert (verdict.outcome, verdict.mark) == (Outcome.PARTIAL, 6)
    assert verdict.diagnosis == ("lstm.forget_inverted",)
    assert verdict.next_step


def test_a_cell_that_is_wrong_without_a_name_earns_nothing_or_is_read_by_a_person(tmp_path: Path) -> None:
    verdict = judged_cell(tmp_path, "1b", LSTMCell=SquaredCell)

    assert not verdict.mark
    assert verdict.outcome in (Outcome.FAILED, Outcome.MANUAL)


@pytest.mark.parametrize(("asked", "make"), [("2e", stacked), ("2g", bidirectional)])
def test_a_right_model_earns_full_marks_in_every_mode(tmp_path: Path, asked: str, make: Any) -> None:
    verdict = judged_model(tmp_path, asked, make, runs=None)

    assert (verdict.outcome, verdict.mark, verdict.diagnosis) == (Outcome.PASSED, 12, ())
    assert not verdict.follow_through


@pytest.mark.parametrize("cell", [ForgetInverted, SquaredCell, CrashingCell])
@pytest.mark.parametrize(("asked", "make"), [("2e", stacked), ("2g", bidirectional)])
def test_a_wrong_cell_costs_the_model_nothing(tmp_path: Path, asked: str, make: Any, cell: type) -> None:
    verdict = judged_model(tmp_path, asked, make, LSTMCell=cell)

    assert (verdict.outcome, verdict.mark) == (Outcome.PASSED, 12)
    assert verdict.follow_through


def faulty(fault: str) -> Any:
    return lambda scope: stacked(scope, LSTM=fault)


@pytest.mark.parametrize(
    ("fault", "mistake"),
    [
        ("not stacked", "model.layers_not_stacked"),
        ("reset", "model.hidden_reset_each_step"),
        ("detached", "model.detached_state"),
    ],
)
@pytest.mark.parametrize("cell", [LSTMCell, ForgetInverted])
def test_a_fault_of_the_loop_in_one_mode_is_named_whatever_the_cell(
    tmp_path: Path, fault: str, mistake: str, cell: type
) -> None:
    verdict = judged_model(tmp_path, "2e", faulty(fault), LSTMCell=cell)

    assert verdict.diagnosis[:1] == (mistake,)
    assert verdict.mark == 10


def test_the_first_output_instead_of_the_last_is_named_in_every_mode(tmp_path: Path) -> None:
    verdict = judged_model(tmp_path, "2e", lambda scope: stacked(scope, pick=0))

    assert verdict.diagnosis[0] == "model.first_step_output"
    assert verdict.mark == 6


def test_what_the_given_last_line_causes_is_named_and_not_charged(tmp_path: Path) -> None:
    verdict = judged_model(tmp_path, "2g", lambda scope: bidirectional(scope, realigned=False))

    assert verdict.diagnosis == ("bidir.rev_not_realigned",)
    assert verdict.mark == 12
    assert "Named, not charged" in verdict.reason


def test_what_the_given_last_line_causes_is_charged_where_the_rubric_chooses_so(tmp_path: Path) -> None:
    bench = take_model(tmp_path, "2g", lambda scope: bidirectional(scope, realigned=False))
    bench.rubric = bench.rubric.model_copy(update={"policies": {"realigned_reverse": "charge"}})

    verdict = bench.judge("2g")

    assert (verdict.diagnosis, verdict.mark) == (("bidir.rev_not_realigned",), 6)
    assert "Named, not charged" not in verdict.reason
