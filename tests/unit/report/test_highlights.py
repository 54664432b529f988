"""The three lines are derived, or left out."""

from __future__ import annotations

from typing import Any

from helpers.marks_builders import Mistake, check_mark, described, question_mark, rubric_for

from grader.records import QuestionMark
from grader.report.highlights import Highlights, highlights
from grader.report.question_view import question_view

NO_MISTAKES = described()


def lines(*questions: QuestionMark, describe: Any = NO_MISTAKES) -> Highlights:
    rubric = rubric_for(questions)
    return highlights([question_view(question, rubric, describe, "") for question in questions])


def test_without_marks_there_is_nothing_to_say() -> None:
    assert lines() == Highlights(went_well="", worth_most="", worth_most_question="", do_next="")


def test_a_blank_hand_in_hears_no_praise() -> None:
    found = lines(question_mark("1", check_mark("1/a", outcome="unanswered"), title="One"))

    assert found.went_well == ""
    assert found.worth_most == "1 (One), 2 marks."


def test_the_dearest_loss_of_the_students_own_is_named_with_its_next_step() -> None:
    found = lines(
        question_mark("1", check_mark("1/a"), title="One"),
        question_mark("2", check_mark("2/a", "1", "4", "partial", diagnosis=("m",)), title="Two"),
        question_mark("3", check_mark("3/a", maximum="9", outcome="blocked"), title="Three"),
        question_mark("4", check_mark("4/a", maximum="9", outcome="manual"), title="Four"),
        question_mark("5", check_mark("5/a", maximum="9", outcome="fault"), title="Five"),
        describe=described(Mistake(id="m", title="gate inverted", next_step="Print it.")),
    )

    assert found == Highlights(
        went_well="Full marks in 1 (One).",
        worth_most="2 (Two): gate inverted, 3 marks.",
        worth_most_question="2",
        do_next="Print it.",
    )


def test_only_full_marks_leave_nothing_to_change() -> None:
    questions = [question_mark(str(number), check_mark(f"{number}/a")) for number in range(5)]

    found = lines(*questions, question_mark("T", check_mark("T/a", outcome="manual")))

    assert found.went_well == "Full marks in every question that is decided."
    assert (found.worth_most, found.do_next) == ("", "")


def test_many_good_questions_are_counted_rather_than_listed() -> None:
    good = [question_mark(str(number), check_mark(f"{number}/a"), title="Good") for number in range(6)]

    found = lines(*good, question_mark("9", check_mark("9/a", outcome="failed")))

    assert found.went_well == "Full marks in 0 (Good), 1 (Good), 2 (Good) and 3 more questions."


def test_an_accepted_form_is_not_called_a_loss() -> None:
    found = lines(
        question_mark("1", check_mark("1/a", "1", outcome="partial", diagnosis=("m",)), title="One"),
        describe=described(Mistake(id="m", effect="equivalent")),
    )

    assert found.worth_most == "1 (One), 1 mark."
