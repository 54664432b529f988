"""What was looked at: the cell, how it was found, and how the answer begins."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from helpers.evidence_files import notebook, only_check, write_evidence, write_rubric
from helpers.transformed import TEXTS, steps, theory

from grader.errors import RubricError
from grader.records import NotebookRecord, Outcome
from grader.rubric import load_rubric
from grader.score.case import Coursework
from grader.score.kinds import kind_of
from grader.score.locate.ways import Place, Way, shortened
from grader.score.looked_at import TEXT_CHARS, looked_at, places_of


def found(handed_in: NotebookRecord, course: object, check: str) -> list[tuple[int, str, str, bool]]:
    rubric = course.rubric  # type: ignore[attr-defined]
    question, name = check.split("/")
    asked = next(one for one in rubric.question(question).checks if one.id == name)
    _, parameters = kind_of(asked, rubric)
    places, _ = looked_at(parameters, question, handed_in, course.template)  # type: ignore[attr-defined]
    return [(place.cell, place.how, place.text, place.counts) for place in places]


def test_an_answer_in_prose_has_its_cell_and_its_heading() -> None:
    made = steps()
    ((cell, how, text, counts),) = found(made.record(), made, "shift/text")
    assert (cell, text, counts) == (9, TEXTS["shift"], True)
    assert how == "below the heading “Question 4. Softmax is often computed from x - x.max(). Why …”"


def test_names_have_the_lines_that_set_them() -> None:
    made = theory()
    (only,) = found(made.record(), made, "T3/labels")
    assert only == (21, "where `A_model` is set", "A_model = 'GRU'", True)
    made.replace("theory-3-labels", "B_model = ''", "B_model = 'RNN'")
    (only,) = found(made.record(), made, "T3/labels")
    assert only[1:3] == ("where `A_model`, `B_model` are set", "A_model = 'GRU'\nB_model = 'RNN'")


def test_a_name_outside_of_code_says_so() -> None:
    made = steps().write("dying", 'dying = ""\n# dying = "b"')
    assert found(made.record(), made, "dying/choice") == [
        (7, "behind the name `dying`, outside of running code", "b", True)
    ]


def test_what_was_passed_over_is_listed_after_what_counts() -> None:
    made = theory().add("Theory question 2: After all, it adds.")
    listed = found(made.record(), made, "T2/reasons")
    assert [(cell, counts) for cell, _, _, counts in listed] == [(25, True), (18, False)]
    assert listed[0][1] == "below your heading “Theory question 2”"


def test_a_long_answer_is_cut_with_a_sign() -> None:
    made = steps().write("shift", "word " * 1_000)
    ((_, _, text, _),) = found(made.record(), made, "shift/text")
    assert len(text) <= TEXT_CHARS + 2
    assert text.endswith(" …")


def test_every_place_of_a_question_is_listed_for_the_instructor() -> None:
    made = theory()
    template = made.template
    assert [(place.cell, place.how) for place in places_of("1a", made.record(), template)] == [
        (9, "between its markers"),
        (9, "where `LSTMCell` is written"),
    ]
    assert [place.how for place in places_of("T3", made.record(), template)][:2] == [
        "below the heading “Give your reasons below”",
        "where `A_model` is written",
    ]


@pytest.mark.parametrize(
    ("way", "how"),
    [
        (Way.MARKERS, "between its markers"),
        (Way.HEADING, "below the heading “Q3 b”"),
        (Way.METADATA, "in the cell that was given for it"),
        (Way.NAME, "where `Q3 b` is written"),
        (Way.POSITION, "by its place between the given cells"),
    ],
)
def test_each_way_is_said_in_words(way: Way, how: str) -> None:
    assert Place(cell=0, first_line=1, last_line=1, way=way, heading="### **Q3 b:**").how == how


def test_ways_are_trusted_in_their_order() -> None:
    assert [way.rank for way in (Way.MARKERS, Way.HEADING, Way.METADATA, Way.NAME, Way.POSITION)] == [0, 1, 2, 3, 4]


def test_a_long_heading_is_shortened_and_has_no_signs() -> None:
    assert shortened("## **Question 4.** `x`") == "Question 4. x"
    assert shortened("word " * 30).endswith(" …")


NUMBER = """
questions:
  - {id: 3b, title: Count, marks: 2, kind: number, answer: 12}
"""
GIVEN = [("markdown", "## Question 3b\nHow many?"), ("markdown", "*Your answer*"), ("markdown", "## The end")]


def judged(tmp_path: Path, *cells: str | tuple[str, str]):  # type: ignore[no-untyped-def]
    rubric = write_rubric(tmp_path / "rubric", questions=NUMBER, extra="", solution=GIVEN)
    folder = write_evidence(tmp_path / "s001", handed_in=notebook(*cells))
    return only_check(rubric, folder)


def test_without_a_line_or_a_variable_the_place_of_the_question_is_used(tmp_path: Path) -> None:
    check = judged(tmp_path, ("markdown", "## Question 3b\nHow many?"), ("markdown", "12"))
    assert (check.outcome, check.reason) == (Outcome.PASSED, "Right.")
    assert [(place.cell, place.how, place.text) for place in check.looked_at] == [
        (1, "below the heading “Question 3b”", "12")
    ]


def test_of_two_numbers_in_two_places_the_last_counts_and_the_page_says_so(tmp_path: Path) -> None:
    check = judged(tmp_path, ("markdown", "## Question 3b\nHow many?\n\n13"), ("markdown", "## Q3 (b): 12"))
    assert check.mark == Decimal(2)
    assert check.reason == ("Right. Your answer stands in cell 1 and cell 2, and not the same; that in cell 2 counts.")


def test_a_final_answer_counts_among_several(tmp_path: Path) -> None:
    text = "First I thought 13.\n\n**Final answer:** 12"
    check = judged(tmp_path, ("markdown", "## Question 3b\nHow many?"), ("markdown", text))
    assert check.outcome is Outcome.PASSED


def test_a_number_whose_place_is_lost_goes_to_a_person_and_not_to_zero(tmp_path: Path) -> None:
    check = judged(tmp_path, ("markdown", "I found that there are 12 of them."))
    assert (check.outcome, check.mark) == (Outcome.MANUAL, None)
    assert check.reason == "No heading of this question is in your notebook, so a person will look for your answer."
    assert judged(tmp_path / "blank", *GIVEN).outcome is Outcome.UNANSWERED


def test_a_rubric_that_does_not_say_where_an_answer_stands_is_refused(tmp_path: Path) -> None:
    rubric = write_rubric(tmp_path / "rubric", questions=NUMBER, extra="", solution=[("markdown", "Count them.")])
    with pytest.raises(RubricError) as caught:
        Coursework.load(load_rubric(rubric))
    assert caught.value.code == "rubric-no-place"
    assert 'question "3b"' in caught.value.what
