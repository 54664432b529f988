"""The second homework: its marks, its text, and the parts of its model solution."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from grader.coursework import regions, solution_notebook, student_version
from grader.rubric import load_rubric

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "rubrics" / "tau_hw2"
TEXT = FOLDER / "data" / "harbour"
MARKS = {"1a": 4, "1b": 4, "2": 4, "3a": 4, "3b": 2, "4s": 2, "4a": 4, "4b": 4, "4c": 4, "4d": 4, "4e": 7, "4f": 7}
MARKS |= {"P1": 5, "P2": 11, "P3": 4, "P4": 5, "P5": 4, "P6": 5, "P7": 4, "P8": 4, "P9": 2, "P10": 3, "P11": 3, "TR": 0}


def words(part: str) -> list[str]:
    return (TEXT / f"{part}.txt").read_text(encoding="utf-8").split()


def test_the_questions_have_their_marks() -> None:
    rubric = load_rubric(FOLDER)

    assert {question.id: question.marks for question in rubric.questions} == MARKS
    assert rubric.max == Decimal(100)


def test_the_solution_has_all_markers_in_order() -> None:
    rubric = load_rubric(FOLDER)

    found = regions(solution_notebook(rubric), rubric.markers)

    assert [region.question for region in found] == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]


def test_the_student_version_holds_no_answer_to_part_1() -> None:
    cells = {cell.source for cell in student_version(load_rubric(FOLDER)).notebook.cells}

    for question in ("1a", "1b", "2", "4s", "4a", "4b", "4c", "4d", "4e", "4f"):
        assert f"*Your answer to question {question}:*" in cells


def test_every_word_of_validation_and_test_occurs_in_training() -> None:
    assert len(set(words("train"))) == 66
    assert set(words("valid")) | set(words("test")) <= set(words("train"))


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_the_text_is_what_its_maker_makes(part: str) -> None:
    code = f"import make_data; print(make_data.texts()[{part!r}], end='')"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=FOLDER / "data", capture_output=True, text=True, check=True, encoding="utf-8"
    )

    assert made.stdout == (TEXT / f"{part}.txt").read_text(encoding="utf-8")
