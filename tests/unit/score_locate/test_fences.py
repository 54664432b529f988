"""Markers are recognised although they were damaged, and regions keep their questions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.transformed import course

from grader.coursework import StudentVersion, regions
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Markers
from grader.score.locate import fenced_regions

START = "## START OF YOUR CODE - Question"
QUESTIONS = ("1a", "1b", "1c", "1d", "2a", "2b", "2c", "2d", "2e", "2f", "2g")


def filled(change: Callable[[str], str]) -> NotebookRecord:
    """The student version with a line of its own in every region, and its text changed."""
    _, template = course("imperial_cw3")
    cells = []
    for cell in template.notebook.cells:
        lines = cell.source.split("\n")
        for region in reversed([one for one in regions(template.notebook, template.markers) if one.cell == cell.index]):
            indent = " " * (len(lines[region.last_line]) - len(lines[region.last_line].lstrip()))
            lines.insert(region.last_line, f"{indent}answer_{region.question} = 1")
        cells.append(cell.model_copy(update={"source": change("\n".join(lines))}))
    return template.notebook.model_copy(update={"cells": tuple(cells)})


def found(notebook: NotebookRecord) -> dict[str, str]:
    """Question -> the answer that stands in its region."""
    _, template = course("imperial_cw3")
    return {
        region.question: next(line.strip() for line in region.text.split("\n") if "answer_" in line)
        for region in fenced_regions(notebook, template)
        if "answer_" in region.text
    }


DAMAGES: dict[str, Callable[[str], str]] = {
    "none": lambda s: s,
    "small letters": lambda s: s.replace("START OF YOUR CODE", "start of your code").replace(
        "END OF YOUR", "end of your"
    ),
    "other dashes": lambda s: s.replace("CODE - Question", "CODE — Question").replace("##", "#"),
    "more spaces": lambda s: s.replace("START OF YOUR CODE - Question", "START  OF  YOUR  CODE  -  Question "),
    "no dash": lambda s: s.replace("CODE - Question", "CODE Question"),
    "letters read badly": lambda s: s.replace("START OF YOUR CODE", "STA RT 0F Y0UR C0DE").replace(
        "Question", "Questlon"
    ),
    "typed badly": lambda s: s.replace("START OF YOUR", "STRAT OF YUOR"),
    "the label lost": lambda s: "\n".join(
        line.split(" - Question")[0] if "START" in line and "1b" in line else line for line in s.split("\n")
    ),
    "all labels lost": lambda s: "\n".join(
        line.split(" - Question")[0] if "START OF YOUR" in line else line for line in s.split("\n")
    ),
    "the text behind the label lost": lambda s: s.replace(") Complete the missing code", ")").replace(
        "CODE -", "CODE:"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_region_keeps_its_question(damage: str) -> None:
    assert found(filled(DAMAGES[damage])) == {question: f"answer_{question} = 1" for question in QUESTIONS}


@pytest.mark.parametrize("question", ["1a", "2e"])
def test_a_region_whose_end_was_lost_ends_where_the_next_begins(question: str) -> None:
    def lose_end(source: str) -> str:
        lines = source.split("\n")
        start = next((i for i, line in enumerate(lines) if f"Question {question})" in line), None)
        if start is not None:
            del lines[next(i for i in range(start, len(lines)) if "END OF YOUR CODE" in lines[i])]
        return "\n".join(lines)

    assert found(filled(lose_end)) == {one: f"answer_{one} = 1" for one in QUESTIONS}


def test_a_damaged_marker_does_not_take_the_region_of_a_neighbour() -> None:
    notebook = filled(lambda s: s.replace("Question 1b)", "Question lb)"))
    assert found(notebook) == {one: f"answer_{one} = 1" for one in QUESTIONS}


def test_deleted_markers_are_not_made_up() -> None:
    notebook = filled(lambda s: "\n".join(line for line in s.split("\n") if "OF YOUR CODE" not in line))
    assert found(notebook) == {}


def test_comments_of_the_students_are_no_markers() -> None:
    markers = Markers(start=r"## START - (?P<question>\w+)", end="## END")
    given = StudentVersion(_notebook("def f():\n    ## START - 1a\n    ## END"), markers)
    own = _notebook("def f():\n    # start here: question 1a is about f\n    ## THE END OF THE STORY\n    return 1")
    assert fenced_regions(own, given) == ()


def _notebook(source: str) -> NotebookRecord:
    cells = (NotebookCell(index=0, kind=CellKind.CODE, source=source),)
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=cells)
