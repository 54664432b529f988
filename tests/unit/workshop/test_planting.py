"""Mutants and alternatives become hand-ins; what they name has to exist."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.workshop_rubric import Oracle, coursework

from grader.errors import RubricError
from grader.rubric import Rubric
from grader.workshop.expectations import Expectation
from grader.workshop.hand_in import HandIn
from grader.workshop.planting import planted_of, trials_of

EARLY = "@@ step.early in one\ny = x\nreturn y\n"


def expectations(rubric: Rubric, **options: Any) -> list[Expectation]:
    return [trial.expectation for trial in trials_of(rubric, Oracle(), **options)]


def sources(rubric: Rubric, number: int) -> dict[str, str]:
    cells = json.loads(trials_of(rubric, Oracle())[number].notebook)["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def refused(rubric: Rubric, oracle: Any = None) -> RubricError:
    with pytest.raises(RubricError) as caught:
        trials_of(rubric, oracle or Oracle())
    return caught.value


def test_the_model_solution_and_the_blank_version_come_first(tmp_path: Path) -> None:
    first = expectations(coursework(tmp_path / "course", mutants=EARLY))

    assert [item.kind for item in first] == ["solution", "blank", "mutant"]
    assert len({item.submission for item in first}) == 3


def test_code_stands_between_the_markers_at_their_depth_and_the_rest_is_the_solution(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "course", mutants=EARLY)

    solution, mutant = sources(rubric, 0), sources(rubric, 2)

    assert mutant["steps"] == "def first(x):\n    # begin one\n    y = x\n    return y\n    # end\n\n\nLAST = 1\n"
    assert {**mutant, "steps": ""} == {**solution, "steps": ""}


def test_cells_are_added_and_texts_replaced(tmp_path: Path) -> None:
    edits = (
        "@ replace in steps\nLAST = 1\n@ with\nLAST = 2\n@ cell before more\nhelper = 1\n@ in two\nsecond = helper\n"
    )
    rubric = coursework(tmp_path / "course", alternatives=f"@@ with a helper\n{edits}")

    made = sources(rubric, 2)

    assert list(made) == ["intro", "steps", "more-2", "more"]
    assert made["steps"].endswith("LAST = 2\n")
    assert made["more-2"] == "helper = 1\n"
    assert made["more"] == "# begin two\nsecond = helper\n# end"


def test_hand_ins_carry_no_metadata_of_the_solution(tmp_path: Path) -> None:
    for trial in trials_of(coursework(tmp_path / "course", mutants=EARLY), Oracle()):
        assert b"kept-out" not in trial.notebook


def test_what_a_named_mistake_loses_follows_from_the_rubric(tmp_path: Path) -> None:
    text = EARLY + "@@ step.late in two\nsecond = 1\n@@ step.early in two\nsecond = 2\n"

    items = expectations(coursework(tmp_path / "course", mutants=text))[2:]

    assert [dict(item.loses) for item in items] == [
        {"one": Decimal(2)},
        {"two": Decimal("0.5")},
        {"two": Decimal("1.5")},
    ]


def test_what_has_no_name_loses_what_the_rubric_says_or_something(tmp_path: Path) -> None:
    unnamed = "@@ step.early in one\n@ named: nothing\n@ because: it is not known in this place\ny = x\n"
    text = f"{unnamed}@@ typo in one\ny = z\n@@ typo in two\nsecond = 1\n@@ typo in why\n@ in one\ny = 1\n"

    items = expectations(coursework(tmp_path / "course", mutants=text))[2:]

    assert [dict(item.loses) for item in items] == [
        {"one": Decimal(4)},
        {"one": Decimal(4)},
        {"two": None},
        {"why": None},
    ]
    assert [item.diagnoses for item in items] == [frozenset()] * 4


def test_a_mistake_that_the_rubric_does_not_charge_loses_nothing(tmp_path: Path) -> None:
    (item,) = expectations(coursework(tmp_path / "course", mutants="@@ step.harmless in one\ny = x\n"))[2:]

    assert dict(item.loses) == {"one": Decimal(0)}


def test_marks_in_the_file_go_before_those_of_the_rubric(tmp_path: Path) -> None:
    text = "@@ step.early in one\n@ loses: one 1, two\n@ also: two step.late\ny = x\n"

    (item,) = expectations(coursework(tmp_path / "course", mutants=text))[2:]

    assert dict(item.loses) == {"one": Decimal(1), "two": None}
    assert item.diagnoses == {("one", "step.early"), ("two", "step.late")}


def test_only_those_with_a_text_in_their_heading_are_made(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "course", mutants=f"{EARLY}@@ step.late in two\nx = 1\n")

    assert [item.name for item in expectations(rubric, only="late")][2:] == ["step.late in two"]


def test_a_text_that_no_heading_has_is_told_with_a_near_name(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "course", mutants=EARLY)

    with pytest.raises(RubricError, match="no mutant and no alternative has") as caught:
        expectations(rubric, only="step.erly")

    assert caught.value.code == "check-only-nothing"
    assert caught.value.next_step == 'did you mean "step.early"?'


@pytest.mark.parametrize(
    ("text", "code", "what", "next_step"),
    [
        pytest.param("@@ step.erly in one\ny\n", "planted-unknown-mistake", '"step.erly"', "step.early", id="name"),
        pytest.param("@@ zzz.q in one\ny\n", "planted-unknown-mistake", '"zzz.q"', "without a dot", id="nothing near"),
        pytest.param(
            "@@ a in one\n@ also: two step.lte\ny\n", "planted-unknown-mistake", '"step.lte"', "step.late", id="also"
        ),
        pytest.param("@@ step.late in tow\ny\n", "rubric-unknown-question", '"tow"', 'mean "two"', id="question"),
        pytest.param("@@ a in one\n@ loses: tow\ny\n", "rubric-unknown-question", '"tow"', 'mean "two"', id="loses"),
        pytest.param("@@ a in why\ny\n", "hand-in-no-region", 'of question "why"', "@ replace in CELL", id="no region"),
        pytest.param(
            "@@ a in one\n@ replace in stpes\ny\n@ with\nz\n", "hand-in-unknown-cell", '"stpes"', '"steps"', id="cell"
        ),
        pytest.param(
            "@@ a in one\n@ replace in steps\nzzz\n@ with\nz\n", "hand-in-text-not-found", "0 times", "", id="text"
        ),
        pytest.param(
            "@@ a in one\n@ replace in steps\ny\n@ with\nz\n", "hand-in-text-not-found", "2 times", "", id="twice"
        ),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_told_with_file_line_and_a_near_name(
    tmp_path: Path, text: str, code: str, what: str, next_step: str
) -> None:
    error = refused(coursework(tmp_path / "course", mutants=text))

    assert error.code == code
    assert what in error.what
    assert error.where == "course/mutants/file.txt:1"
    assert next_step in error.next_step


def test_an_alternative_cannot_show_a_mistake(tmp_path: Path) -> None:
    error = refused(coursework(tmp_path / "course", alternatives="@@ words\n@ shows: step.late\n@ in one\ny\n"))

    assert error.code == "planted-shows-mistake"
    assert "the oracle calls it wrong" in error.what


def test_without_an_oracle_no_mistake_can_be_named(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "course", mutants=EARLY)

    with pytest.raises(RubricError, match="knows no mistake") as caught:
        planted_of(rubric, None)

    assert "names no oracle" in caught.value.next_step


def test_a_solution_that_is_no_notebook_is_told(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "course")
    (rubric.folder / "solution.ipynb").write_text("[]", encoding="utf-8")

    with pytest.raises(RubricError, match="cannot be read") as caught:
        HandIn(rubric)

    assert caught.value.code == "rubric-no-solution"


def test_what_is_planted_changes_no_digest_of_the_rubric(tmp_path: Path) -> None:
    without = coursework(tmp_path / "course").digest()

    assert coursework(tmp_path / "course", mutants=EARLY, alternatives="@@ words\n@ in one\ny\n").digest() == without
