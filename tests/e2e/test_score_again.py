"""Execute once, score for ever: a mistake that the oracle learns later is named without a kernel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT, environment, grader, marks_json, rows_by_submission

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

NEW_MISTAKE = '''\
"""A mistake that somebody met this year."""

import torch
from torch import Tensor, sigmoid, tanh

from reference.cells.roles import StepInputs
from reference.mistakes.catalogue import cell_mistake


@cell_mistake(
    "lstm.sine_of_cell",
    "Sine of the cell",
    formula="h' = o ⊙ sin(c')",
    did="Your output gate scales the sine of the new cell.",
    next_step="Plot both functions from -3 to 3.",
)
def sine_of_cell(s: StepInputs) -> tuple[Tensor, ...]:
    c = sigmoid(s.pre("f")) * s.c + sigmoid(s.pre("i")) * tanh(s.pre("g"))
    return sigmoid(s.pre("o")) * torch.sin(c), c
'''


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over one hand-in with a mistake that the oracle has no name for."""
    folder = tmp_path_factory.mktemp("unnamed")
    notebook = json.loads((ROOT / "rubrics" / "imperial_cw3" / "solution.ipynb").read_text(encoding="utf-8"))
    changed = 0
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if "class LSTMCell" in source:
            assert source.count("torch.tanh(cy)") == 1
            cell["source"] = source.replace("torch.tanh(cy)", "torch.sin(cy)")
            changed += 1
    assert changed == 1
    hand_in = folder / "s001-sine.ipynb"
    hand_in.write_text(json.dumps(notebook), encoding="utf-8")
    out = folder / "run"
    finished = grader("grade", ROOT / "rubrics" / "imperial_cw3", hand_in, "--out", out, "--seed", "samples")
    assert finished.code in (0, 1), finished.err
    return out


def question(run: Path, identifier: str) -> dict[str, Any]:
    row = next(iter(rows_by_submission(run).values()))
    return next(item for item in row["questions"] if item["id"] == identifier)


def test_a_mistake_without_a_name_is_never_guessed(run: Path) -> None:
    check = question(run, "1b")["checks"][0]
    assert check["diagnosis"] == []
    assert check["mark"] is None or check["mark"] < check["max"]
    assert question(run, "2e")["mark"] == 12, "the models that use the cell lose nothing"


def test_a_mistake_added_to_the_oracle_is_named_without_a_kernel(run: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "reference", tmp_path / "path" / "reference")
    (tmp_path / "path" / "reference" / "mistakes" / "this_year.py").write_text(NEW_MISTAKE, encoding="utf-8")
    before = marks_json(run)

    finished = grader(
        "score", run, "--out", tmp_path / "new", PYTHONPATH=str(tmp_path / "path"), GRADER_KERNELS=str(tmp_path)
    )

    assert finished.code in (0, 1), finished.err
    assert question(tmp_path / "new", "1b")["checks"][0]["diagnosis"] == ["lstm.sine_of_cell"]
    page = next((tmp_path / "new" / "feedback").glob("*.html")).read_text(encoding="utf-8")
    assert "Sine of the cell" in page
    assert marks_json(run) == before, "the first run stays as it was"
    assert marks_json(tmp_path / "new")["digests"]["evidence"] == before["digests"]["evidence"]
    assert marks_json(tmp_path / "new")["digests"]["oracle"] != before["digests"]["oracle"]


def test_scoring_twice_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert grader("score", run, "--out", tmp_path / name).code in (0, 1)
    assert (tmp_path / "one" / "marks.json").read_bytes() == (tmp_path / "two" / "marks.json").read_bytes()


def test_a_persons_decision_is_an_event_that_stays(run: Path, tmp_path: Path) -> None:
    grader("score", run, "--out", tmp_path / "run")
    student = next(iter(rows_by_submission(tmp_path / "run").values()))["student"]

    finished = grader(
        "override", tmp_path / "run", student, "1b/cell", "11.5", "--why", "a sound idea", "--who", "marker"
    )

    assert finished.code == 0, finished.err
    decided = question(tmp_path / "run", "1b")["checks"][0]
    assert (decided["mark"], decided["by"]) == (11.5, "person")
    assert "a sound idea" in decided["reason"]
    assert grader("score", tmp_path / "run").code in (0, 1)
    assert question(tmp_path / "run", "1b")["checks"][0]["mark"] == 11.5
    too_much = grader("override", tmp_path / "run", student, "1b/cell", "99", "--why", "w")
    assert (too_much.code, "mark-out-of-range" in too_much.err) == (2, True)
    unknown = grader("override", tmp_path / "run", student, "1b/nothing", "1", "--why", "w")
    assert (unknown.code, "1b/cell" in unknown.err) == (2, True)


def test_explain_shows_probe_evidence_verdict_and_the_nearest_formulas(run: Path) -> None:
    student = next(iter(rows_by_submission(run).values()))["student"]
    finished = grader("explain", run, student, "1b")
    assert finished.code == 0, finished.err
    for words in ("probe cell.LSTMCell on definition 0", '"do": "jacobian"', "nearest to LSTMCell: lstm."):
        assert words in finished.out


def test_a_question_that_is_not_there_is_told_with_the_run_and_the_known_ones(run: Path) -> None:
    student = next(iter(rows_by_submission(run).values()))["student"]

    unknown = grader("explain", run, student, "9z")

    assert unknown.code == 2
    assert 'error[unknown-question]: there is no question "9z"' in unknown.err
    assert f"at   {run}" in unknown.err
    assert "the questions are 1a, 1b" in unknown.err


def test_explain_gives_a_script_that_repeats_the_probe(run: Path) -> None:
    student = next(iter(rows_by_submission(run).values()))["student"]
    explained = json.loads(grader("explain", run, student, "1b", "--format", "json").out)

    script = explained[0]["script"]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=run, env=environment(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "trial0" in done.stdout


def test_a_rubric_that_asks_other_things_is_refused_with_advice(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "imperial_cw3"
    shutil.copytree(ROOT / "rubrics" / "imperial_cw3", other, ignore=shutil.ignore_patterns("data"))
    text = (other / "rubric.yaml").read_text(encoding="utf-8")
    (other / "rubric.yaml").write_text(text.replace("statement_s: 10", "statement_s: 11"), encoding="utf-8")
    (other / "data").mkdir()
    hand_in = next(run.parent.glob("*.ipynb"))

    finished = grader("grade", other, hand_in, "--out", run)

    assert finished.code == 2
    assert "run-rubric-changed" in finished.err
    assert "execute" in finished.err
    assert "score" in finished.err
