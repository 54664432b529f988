"""Tables, pictures and generated texts are looked for in the question's own place where the rubric names no lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from helpers.evidence_files import notebook, score_here, write_evidence, write_rubric

from grader.records import CheckMark, NotebookRecord, Outcome, Picture

QUESTIONS = r"""
questions:
  - {id: '1', title: Curves, marks: 2, kind: plot, by: presence}
  - {id: '2', title: Losses, marks: 2, kind: table, rows: {one: [], two: []}, columns: {train: [], test: []}}
  - {id: '3', title: Losses of the second model, marks: 2, kind: table, rows: {one: [], two: []}, columns: {train: [], test: []}}
  - {id: '4', title: Texts, marks: 2, kind: samples, pattern: '^Text: (?P<text>.+)$', wanted: {'': 2}}
"""  # noqa: E501
GIVEN = [
    ("markdown", "## Question 1\nDraw the curves."),
    "# your plot",
    ("markdown", "## Question 2\nThe losses of the first model."),
    "# your table",
    ("markdown", "## Question 3\nThe losses of the second model."),
    "# your second table",
    ("markdown", "## Question 4\nTwo texts."),
    "# your texts",
]
PNG = Picture(type="image/png", bytes=24_000, width=640, height=480)
FIRST = "r = {'one': {'train': 1.5, 'test': 2.5}, 'two': {'train': 1.4, 'test': 2.4}}"
SECOND = FIRST.replace(".5", ".9").replace(".4", ".8")


@pytest.fixture(scope="module")
def rubric(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rubric(tmp_path_factory.mktemp("course") / "rubric", questions=QUESTIONS, extra="", solution=GIVEN)


def with_pictures(handed_in: NotebookRecord, *cells: int) -> NotebookRecord:
    changed = [cell.model_copy(update={"pictures": (PNG,) if cell.index in cells else ()}) for cell in handed_in.cells]
    return handed_in.model_copy(update={"cells": tuple(changed)})


def checks(
    rubric: Path,
    folder: Path,
    *cells: str | tuple[str, str],
    pictures: Sequence[int] = (),
    outputs: Mapping[int, Sequence[str]] | None = None,
) -> dict[str, CheckMark]:
    """The check of each question."""
    handed_in = with_pictures(notebook(*cells, outputs=outputs), *pictures)
    line = score_here(rubric, write_evidence(folder / "s001", handed_in=handed_in))["s001"]
    return {question.id: question.checks[0] for question in line.questions}


def test_each_table_is_that_of_its_own_question(rubric: Path, tmp_path: Path) -> None:
    cells = [*GIVEN[:3], FIRST, GIVEN[4], SECOND.replace("'two'", "'2'"), *GIVEN[6:]]

    found = checks(rubric, tmp_path, *cells)

    assert (found["2"].outcome, found["2"].reason) == (Outcome.PASSED, "All 4 numbers are there.")
    assert "2 of 4 numbers are there" in found["3"].reason


def test_a_table_is_found_below_a_heading_in_another_form_and_the_page_says_so(rubric: Path, tmp_path: Path) -> None:
    cells = [*GIVEN[:4], ("markdown", "**Q3)** second model"), SECOND, *GIVEN[6:]]

    check = checks(rubric, tmp_path, *cells)["3"]

    assert check.outcome is Outcome.PASSED
    assert [(place.cell, place.how, place.text) for place in check.looked_at] == [
        (5, "below your heading “Q3)”", SECOND)
    ]  # fmt: skip


def test_a_table_elsewhere_counts_where_its_own_place_has_none(rubric: Path, tmp_path: Path) -> None:
    cells = [*GIVEN[:4], *GIVEN[6:], ("markdown", "# At last"), FIRST]

    assert checks(rubric, tmp_path, *cells)["2"].outcome is Outcome.PASSED


def test_what_a_cell_printed_and_drew_belongs_to_the_heading_above_it(rubric: Path, tmp_path: Path) -> None:
    cells = [GIVEN[0], "show(curves)", *GIVEN[2:7], "print(texts)"]

    found = checks(rubric, tmp_path, *cells, pictures=[1], outputs={7: ["Text: a b c", "Text: d e f"]})

    assert (found["1"].mark, found["4"].mark) == (2, 2)
    assert found["1"].looked_at[0].cell == 1
    assert [(place.cell, place.text) for place in found["4"].looked_at] == [(7, "print(texts)")]


def test_a_picture_of_another_question_is_none_of_this_one_and_goes_to_a_person(rubric: Path, tmp_path: Path) -> None:
    cells = [*GIVEN[:3], "show(other)", *GIVEN[4:]]

    check = checks(rubric, tmp_path, *cells, pictures=[3])["1"]

    assert (check.outcome, check.mark) == (Outcome.MANUAL, None)
    assert check.reason == "No picture stands in this question's place, but elsewhere; a person will look."


def test_nothing_drawn_anywhere_is_unanswered(rubric: Path, tmp_path: Path) -> None:
    found = checks(rubric, tmp_path, *GIVEN)

    assert {check.outcome for check in found.values()} == {Outcome.UNANSWERED}
    assert not [place for check in found.values() for place in check.looked_at]


def test_the_lines_that_a_rubric_names_are_found_by_the_number_where_they_were_retyped(tmp_path: Path) -> None:
    questions = "questions:\n  - {id: '1', title: Curves, marks: 2, kind: plot, by: presence, after: '## Question 1'}\n"
    rubric = write_rubric(tmp_path / "rubric", questions=questions, extra="", solution=GIVEN)

    found = checks(rubric, tmp_path, ("markdown", "### Task 1:"), "show()", pictures=[1])["1"]
    lost = checks(rubric, tmp_path / "lost", ("markdown", "The curves"), "show()", pictures=[1])["1"]

    assert (found.outcome, found.looked_at[0].how) == (Outcome.PASSED, "below your heading “Task 1”")
    assert (lost.outcome, lost.mark) == (Outcome.MANUAL, None)


def test_an_answer_on_the_line_of_its_heading_is_in_its_place(rubric: Path, tmp_path: Path) -> None:
    cells = [("markdown", "**Question 1:** ![curve](attachment:curve.png)"), *GIVEN[2:]]

    assert checks(rubric, tmp_path, *cells, pictures=[0])["1"].mark == 2
