"""What a rubric asks of a model, and rubrics that make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.kinds_oracle import FakeOracle
from helpers.kinds_tower import bench

from grader.errors import RubricError
from grader.probes import Catch, Construct, Probe
from grader.score.kinds.model_probes import _STEPS


def probes(tmp_path: Path, **parameters: Any) -> dict[str, Probe]:
    return {probe.id: probe for probe in bench(tmp_path, FakeOracle(), **parameters).probes()}


def arguments(probe: Probe) -> tuple[Any, ...]:
    first = probe.steps[0]
    return first.args if isinstance(first, Construct) else ()


def test_runs_come_after_their_cells_and_have_a_copy_with_stand_ins(tmp_path: Path) -> None:
    found = probes(tmp_path)

    own, copy = found["model.Tower.A.0"], found["stand-in.model.Tower.A.0"]
    assert own.after == ("cell.Step",)
    assert (copy.stand_ins, copy.after, copy.order) == (True, (), 1)
    assert copy.steps == own.steps


def test_a_batch_of_one_is_tried_once_on_a_model_of_two_layers_when_all_else_is_seen(tmp_path: Path) -> None:
    tried = {
        name: [step.do for step in probe.steps]
        for name, probe in probes(tmp_path).items()
        if any(isinstance(step, Catch) for step in probe.steps) and ".Tower." in name
    }

    steps = ["construct", "fill", "let", "trace", "let", "catch"]
    assert steps[:_STEPS][-1] == "trace"
    assert tried == {"model.Tower.A.1": steps, "stand-in.model.Tower.A.1": steps}
    assert arguments(probes(tmp_path)["model.Tower.A.1"])[3] == 2


def test_a_batch_of_one_is_tried_at_the_depth_nearest_to_two(tmp_path: Path) -> None:
    runs = [{"mode": "B", "layers": 5}, {"mode": "B", "layers": 4}]

    found = probes(tmp_path, runs=runs, modes={"A": "plain", "B": "plain"}, cells={"A": "Step", "B": "Step"})

    last = {name: found[name].steps[-1].do for name in ("model.Tower.B.0", "model.Tower.B.1")}
    assert last == {"model.Tower.B.0": "trace", "model.Tower.B.1": "catch"}


def test_cells_that_no_question_asks_for_are_probed_for_the_model(tmp_path: Path) -> None:
    found = probes(
        tmp_path,
        modes={"A": "plain", "B": "other", "C": "plain"},
        cells={"A": "Step", "B": "Given", "C": "Given"},
        cell_arguments={"B": ["input_size", "hidden_size", True]},
    )

    assert arguments(found["cell.Given.other"]) == (5, 3, True)
    assert found["model.Tower.B.0"].after == ("cell.Given.other",)


def test_a_class_of_two_families_is_probed_only_as_the_rubric_says(tmp_path: Path) -> None:
    found = probes(tmp_path, modes={"A": "plain", "B": "other"}, cells={"A": "Given", "B": "Given"})

    assert not [name for name in found if name.startswith("cell.Given")]
    assert found["model.Tower.A.0"].after == ()


def test_a_class_of_one_family_is_probed_with_both_sizes(tmp_path: Path) -> None:
    found = probes(tmp_path, cells={"A": "Step", "B": "Given"})

    assert arguments(found["cell.Given.plain"]) == (5, 3)


def test_runs_may_be_given_in_the_rubric(tmp_path: Path) -> None:
    found = probes(tmp_path, runs=[{"mode": "A", "layers": 2, "hidden_size": 9}])

    assert [name for name in found if name.startswith("model.")] == ["model.Tower.A.0"]
    assert arguments(found["model.Tower.A.0"]) == ("A", 5, 9, 2, True, 2)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        pytest.param({"architecture": "towre"}, "rubric-unknown-to-oracle", id="architecture"),
        pytest.param({"modes": {"A": "plain", "B": "plane"}}, "rubric-unknown-to-oracle", id="family"),
        pytest.param({"charge": {"stack.skip": "none"}}, "rubric-unknown-to-oracle", id="mistake"),
        pytest.param({"charge": {"stack.skips": "some"}}, "rubric-bad-parameter", id="charge"),
        pytest.param({"cells": {"A": "Step"}}, "rubric-bad-parameter", id="a mode without a cell"),
        pytest.param({"cells": {"A": "S", "B": "S", "Z": "S"}}, "rubric-bad-parameter", id="a cell too many"),
        pytest.param({"cell_arguments": {"Z": []}}, "rubric-bad-parameter", id="arguments for no mode"),
        pytest.param({"runs": [{"mode": "Z", "layers": 1}]}, "rubric-bad-parameter", id="a run in no mode"),
        pytest.param({"modes": {"A b": "plain"}, "cells": {"A b": "S"}}, "rubric-bad-parameter", id="mode name"),
        pytest.param({"arguments": ["depth"]}, "rubric-bad-parameter", id="argument"),
        pytest.param({"roles": {"stairs": "x"}}, "rubric-bad-parameter", id="role"),
    ],
)
def test_a_rubric_that_makes_no_sense_is_refused(tmp_path: Path, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(RubricError) as caught:
        bench(tmp_path, FakeOracle(), **parameters).probes()

    assert caught.value.code == code
