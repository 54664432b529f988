"""The student version is made from the model solution, and questions about it are answered fairly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.coursework import StudentVersion, normalise, regions, solution_notebook, student_version
from grader.errors import RubricError
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Markers, Rubric, load_rubric

MARKERS = Markers(start=r"## START - (?P<question>\w+)", end="## END")
SOLVED = """\
class A:
    ## START - 1a
    # keep this hint

    x = 1  # the solution
    # a comment of the solution's
    y = 2
    ## END
    z = 3
    ## START - 1b
    ## END
"""


def notebook(*sources: str) -> NotebookRecord:
    cells = tuple(NotebookCell(index=i, kind=CellKind.CODE, source=source) for i, source in enumerate(sources))
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=cells)


def rubric_with(tmp_path: Path, cells: list[dict[str, object]]) -> Rubric:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "rubric.yaml").write_text(
        "title: t\n"
        "markers: {start: '## START - (?P<question>\\w+)', end: '## END'}\n"
        "questions: [{id: '1', title: q, marks: 1, kind: text}]\n"
    )
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "solution.ipynb").write_text(json.dumps(document))
    return load_rubric(folder)


def code(source: str, **metadata: object) -> dict[str, object]:
    return {
        "cell_type": "code",
        "id": f"c{abs(hash(source)) % 9999}",
        "source": source,
        "metadata": metadata,
        "outputs": [],
        "execution_count": None,
    }


def test_regions_are_found_with_their_lines() -> None:
    found = regions(notebook("import x", SOLVED), MARKERS)
    assert [(region.question, region.cell, region.first_line, region.last_line) for region in found] == [
        ("1a", 1, 3, 7),
        ("1b", 1, 11, 10),
    ]
    assert found[1].text == ""


def test_an_end_without_a_start_and_a_start_without_an_end_are_passed_over() -> None:
    assert regions(notebook("## END\n## START - 1a\nx = 1"), MARKERS) == ()


def test_no_markers_no_regions() -> None:
    assert regions(notebook(SOLVED), None) == ()


def test_the_student_version_keeps_hints_and_loses_the_solution(tmp_path: Path) -> None:
    made = student_version(rubric_with(tmp_path, [code(SOLVED)])).notebook.cells[0].source
    assert "# keep this hint" in made
    assert "the solution" not in made
    assert "y = 2" not in made
    assert "z = 3" in made
    assert made.count("## START") == made.count("## END") == 2


def test_an_answer_cell_becomes_its_template_or_empty(tmp_path: Path) -> None:
    rubric = rubric_with(tmp_path, [code("a = 'B'", template="a = ''"), code("secret", tags=["answer"])])
    assert [cell.source for cell in student_version(rubric).notebook.cells] == ["a = ''", ""]
    assert [cell.source for cell in solution_notebook(rubric).cells] == ["a = 'B'", "secret"]


def test_a_region_with_only_comments_is_blank() -> None:
    template = StudentVersion(notebook("## START - 1a\n# hint\nself.x = None\n## END"), MARKERS)
    same, empty, filled = (
        regions(notebook(f"## START - 1a\n{body}\n## END"), MARKERS)[0]
        for body in ("self.x  =  None # mine", "# nothing yet", "self.x = 1")
    )
    assert template.region_is_blank(same)
    assert template.region_is_blank(empty)
    assert not template.region_is_blank(filled)


def test_a_template_cell_is_known_whatever_its_spacing() -> None:
    template = StudentVersion(notebook("Your   answers:\n"), None)
    assert template.has_cell("your answers:")
    assert not template.has_cell("mine")


@pytest.mark.parametrize("source", ["x = (", "'''", "\x00", "  bad\n indent", "é = `"])
def test_code_that_is_no_python_is_normalised_all_the_same(source: str) -> None:
    assert normalise(source + " # comment") == normalise(source + "   # other")


def test_a_missing_or_broken_solution_is_named(tmp_path: Path) -> None:
    rubric = rubric_with(tmp_path, [])
    (rubric.folder / "solution.ipynb").write_text("{")
    with pytest.raises(RubricError, match="cannot be read"):
        solution_notebook(rubric)
    (rubric.folder / "solution.ipynb").unlink()
    with pytest.raises(RubricError, match="cannot be read"):
        student_version(rubric)
