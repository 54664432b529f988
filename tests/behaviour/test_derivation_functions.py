"""A derivation that is answered by a function, from the notebook through a sealed kernel to the marks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT, grader, rows_by_submission
from helpers.derived_functions import RIGHT, RUBRIC, coursework, function, hand_in

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]
FORMULA = "$dL/dW = ((s - y) ⊙ s ⊙ (1 - s)) x^T$"
HAND_INS: dict[str, Any] = {
    "s001": hand_in(RIGHT),
    "s002": hand_in(function("np.outer(s - y, x)")),
    "s003": hand_in("x = 1", ANSWER=FORMULA),
    "s004": hand_in(function("nothing")),
    "s005": hand_in(function("W", before="while True: pass")),
}


def test_functions_and_formulas_are_marked_side_by_side(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "gradients", RUBRIC + "execution: {limits: {probe_s: 1}}\n").folder
    (rubric / "requirements.txt").write_text((ROOT / "rubrics" / "first_steps" / "requirements.txt").read_text())
    for name, notebook in HAND_INS.items():
        cells = [
            {"cell_type": cell.kind.value, "metadata": {}, "source": cell.source}
            | ({"execution_count": None, "outputs": []} if cell.kind.value == "code" else {})
            for cell in notebook.cells
        ]
        path = tmp_path / "hand_ins" / name / "notebook.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))

    done = grader("grade", rubric, tmp_path / "hand_ins", "--out", tmp_path / "run", "--seed", "s")

    assert done.code == 0, done.out
    stored = (tmp_path / "run" / "evidence").glob("*/student.json")
    assert {json.loads(path.read_text())["level"] for path in stored} == {"sealed"}
    found = {
        name: next(question for question in row["questions"] if question["id"] == "w")
        for name, row in rows_by_submission(tmp_path / "run").items()
    }
    marks = {name: float(question["mark"]) for name, question in found.items()}
    assert marks == {"s001": 12, "s002": 3, "s003": 12, "s004": 0, "s005": 0}
    assert "NameError" in json.dumps(found["s004"])
    assert "did not finish within" in json.dumps(found["s005"])
