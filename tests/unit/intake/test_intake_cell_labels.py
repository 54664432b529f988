"""What a file calls a cell is kept, as far as it is a short plain word."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.coursework import solution_notebook, student_version
from grader.intake.cell_labels import LABEL_CHARS, MOST_LABELS, cell_labels
from grader.intake.notebook_file import read_notebook
from grader.limits import IntakeLimits
from grader.rubric import load_rubric


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        pytest.param({"id": "theory-1"}, ("theory-1",), id="id"),
        pytest.param({"id": "a", "metadata": {"id": "Xy_1-z"}}, ("a", "Xy_1-z"), id="Colab"),
        pytest.param({"metadata": {"nbgrader": {"grade_id": "q1"}}}, ("q1",), id="nbgrader"),
        pytest.param({"id": "a", "metadata": {"tags": ["answer", "a"]}}, ("a", "answer"), id="tags, each once"),
        pytest.param({"id": 5, "metadata": []}, (), id="of other types"),
        pytest.param({"metadata": {"nbgrader": "q1", "tags": "q1"}}, (), id="of other shapes"),
        pytest.param({"id": "<b>", "metadata": {"tags": ["", "a\nb", "x" * (LABEL_CHARS + 1)]}}, (), id="odd ones"),
        pytest.param({}, (), id="none"),
    ],
)
def test_labels_are_ids_and_tags(cell: dict[str, Any], labels: tuple[str, ...]) -> None:
    assert cell_labels(cell) == labels


def test_there_are_few_labels() -> None:
    assert len(cell_labels({"metadata": {"tags": [f"t{i}" for i in range(1_000)]}})) == MOST_LABELS


def test_a_notebook_keeps_the_labels_of_its_cells() -> None:
    cells = [{"cell_type": "markdown", "id": "a", "metadata": {"tags": ["answer"]}, "source": "x"}]
    data = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
    found = read_notebook(data, source_name="n.ipynb", limits=IntakeLimits())
    assert found.cells[0].labels == ("a", "answer")


def test_the_student_version_knows_its_cells_by_id_and_not_by_the_instructors_tags(tmp_path: Any) -> None:
    (tmp_path / "rubric.yaml").write_text("title: t\nquestions: [{id: '1', title: q, marks: 1, kind: text}]\n")
    metadata = {"tags": ["answer"], "nbgrader": {"grade_id": "q1"}}
    cells = [{"cell_type": "markdown", "id": "a", "metadata": metadata, "source": "x"}]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "solution.ipynb").write_text(json.dumps(document))
    rubric = load_rubric(tmp_path)
    assert student_version(rubric).notebook.cells[0].labels == ("a", "q1")
    assert solution_notebook(rubric).cells[0].labels == ("a", "q1")
