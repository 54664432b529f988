"""A rubric that asks for more: refused by `grade`, served by `execute --missing`, and never a zero meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT, grader, rows_by_submission

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

MORE = """\
  - id: empty
    subject: softmax
    steps:
      - {do: call, save: one, target: {name: softmax}, args: [{numpy: {draw: x, shape: [1, 2]}}]}
"""
TEST = """

@pytest.mark.question("one", marks=2)
@pytest.mark.probe("empty")
def test_one_row(check, probe):
    check.expect("One row should do.")
    assert probe.tensor("one").shape == (1, 2)
    check.award(reason="One row does.")
"""


@pytest.fixture
def changed(first_steps: Any, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of a finished run, and the coursework with one more question that needs one more probe."""
    run, rubric = tmp_path / "run", tmp_path / "first_steps"
    shutil.copytree(first_steps.folder, run)
    shutil.copytree(ROOT / "rubrics" / "first_steps", rubric)
    text = (rubric / "rubric.yaml").read_text(encoding="utf-8").rstrip() + "\n" + MORE
    question = "questions:\n  - {id: one, title: One row, marks: 2}\n"
    (rubric / "rubric.yaml").write_text(text.replace("questions:\n", question), encoding="utf-8")
    tests = rubric / "test_first_steps.py"
    tests.write_text(tests.read_text(encoding="utf-8") + TEST, encoding="utf-8")
    return run, rubric


def question(run: Path, submission: str, identifier: str) -> dict[str, Any]:
    row = rows_by_submission(run)[submission]
    found: dict[str, Any] = next(item for item in row["questions"] if item["id"] == identifier)
    return found


def test_missing_evidence_is_neither_zero_nor_an_old_mark(changed: tuple[Path, Path]) -> None:
    run, rubric = changed
    refused = grader("grade", rubric, ROOT / "submissions" / "first_steps", "--out", run)
    assert (refused.code, "run-rubric-changed" in refused.err) == (2, True)

    scored = grader("score", run, "--rubric", rubric)

    assert scored.code == 1, "somebody has to look"
    check = question(run, "f1-right.zip", "one")["checks"][0]
    assert (check["outcome"], check["mark"]) == ("fault", None)
    assert "needs-evidence" in rows_by_submission(run)["f1-right.zip"]["flags"]
    assert question(run, "f1-right.zip", "softmax")["mark"] == 4, "what is there is marked"


def test_missing_evidence_is_taken_once_and_then_marked(changed: tuple[Path, Path]) -> None:
    run, rubric = changed
    with sqlite3.connect(run / "run.sqlite") as connection:
        before = Counter(connection.execute("select key, part from executions").fetchall())

    taken = grader("execute", run, "--missing", "--rubric", rubric)
    again = grader("execute", run, "--missing", "--rubric", rubric)
    scored = grader("score", run)

    assert (taken.code, taken.out) == (0, "5 submissions were run\n")
    assert (again.code, again.out) == (0, "0 submissions were run\n")
    with sqlite3.connect(run / "run.sqlite") as connection:
        after = Counter(connection.execute("select key, part from executions").fetchall())
    assert set((after - before).values()) == {1}
    assert scored.code == 0, scored.out
    assert question(run, "f1-right.zip", "one")["mark"] == 2
    assert question(run, "f5-blank.zip", "one")["mark"] == 0
