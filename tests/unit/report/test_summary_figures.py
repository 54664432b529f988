"""The figures of a cohort, against numbers worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from statistics import correlation

import pytest
from helpers.marks_builders import Mistake, check_mark, described, question_mark, run_marks, submission_marks
from helpers.report_sample import sample_run

from grader.records import Event, SubmissionMarks, SubmissionStatus
from grader.report import summary_figures as figures


def row(student: str, *marks: str) -> SubmissionMarks:
    """A submission with questions 1, 2, ... of ten marks each; "-" waits, "" is unanswered."""
    states = {"-": "manual", "": "unanswered", "10": "passed", "0": "failed"}
    return submission_marks(
        student,
        *(
            question_mark(
                str(number),
                check_mark(
                    f"{number}/a",
                    None if mark == "-" else mark or "0",
                    "10",
                    states.get(mark, "partial"),
                ),
            )
            for number, mark in enumerate(marks, start=1)
        ),
    )


def test_counts_leave_out_attempts_that_do_not_count() -> None:
    assert figures.counts(sample_run()).line == (
        "5 submissions: 2 graded, 0 open, 1 need review, 1 refused, 1 not submitted"
    )


def test_one_submission_is_counted_in_the_singular() -> None:
    assert figures.counts(run_marks(row("a", "10"))).line.startswith("1 submission: 1 graded")


def test_figures_rest_on_what_counts_and_could_be_read() -> None:
    assert [r.student for r in figures.read(sample_run())] == ["s001", "s002", "s003"]


def test_the_spread_of_totals() -> None:
    found = figures.spread([row("a", "0"), row("b", "4"), row("c", "10")])

    assert found is not None
    assert (found.n, found.median, found.lowest, found.highest, found.zero, found.full) == (3, 4, 0, 10, 1, 1)
    assert found.mean == pytest.approx(14 / 3)
    assert found.deviation == pytest.approx(5.0332, abs=1e-4)


def test_the_spread_of_one_has_no_deviation_and_of_none_is_none() -> None:
    alone = figures.spread([row("a", "3")])

    assert alone is not None
    assert alone.deviation is None
    assert figures.spread([]) is None


def test_the_histogram_puts_a_border_into_the_bin_above_and_closes_the_last() -> None:
    rows = [row("a", "0"), row("b", "0.99"), row("c", "1"), row("d", "9.99"), row("e", "10")]

    assert figures.histogram(rows) == (2, 1, 0, 0, 0, 0, 0, 0, 0, 2)


def test_a_coursework_without_marks_has_an_empty_histogram() -> None:
    assert sum(figures.histogram([submission_marks("a", max=Decimal(0))])) == 0


def test_facility_counts_all_and_those_who_tried() -> None:
    question = figures.question_figures([row("a", "10"), row("b", "5"), row("c", ""), row("d", "-")])[0]

    assert (question.decided, question.full, question.zero, question.open, question.unnamed) == (3, 1, 1, 1, 1)
    assert question.facility == pytest.approx(0.5)
    assert question.facility_attempted == pytest.approx(0.75)


def test_facility_is_undefined_where_nothing_is_decided_or_at_stake() -> None:
    waiting = figures.question_figures([row("a", "-")])[0]
    free = figures.question_figures([submission_marks("a", question_mark("1", check_mark("1/a", maximum="0")))])[0]

    assert (waiting.facility, waiting.facility_attempted) == (None, None)
    assert (free.facility, free.full, free.zero) == (None, 0, 0)


def cohort(size: int) -> list[SubmissionMarks]:
    return [row(f"s{n}", str(n % 11), str(n * 7 % 11), str((n * n) % 11)) for n in range(size)]


def test_discrimination_is_the_correlation_with_the_rest() -> None:
    rows = cohort(20)

    found = figures.question_figures(rows)[0].discrimination

    own = [float(r.questions[0].mark or 0) for r in rows]
    rest = [float((r.questions[1].mark or 0) + (r.questions[2].mark or 0)) for r in rows]
    assert found == pytest.approx(correlation(own, rest))


def test_discrimination_is_not_given_below_twenty() -> None:
    assert figures.question_figures(cohort(19))[0].discrimination is None


def test_discrimination_without_spread_is_undefined_and_not_zero() -> None:
    assert figures.question_figures([row(f"s{n}", "10", str(n % 11)) for n in range(25)])[0].discrimination is None


def test_mistakes_are_counted_once_a_student_and_shared_over_those_who_tried() -> None:
    def wrong(student: str, *names: str) -> SubmissionMarks:
        return submission_marks(
            student,
            question_mark(
                "1",
                check_mark("1/a", outcome="failed", diagnosis=names),
                check_mark("1/b", outcome="failed", diagnosis=names[:1]),
            ),
        )

    rows = [wrong("a", "m.one", "m.form"), wrong("b", "m.one"), wrong("c", "m.two"), row("d", "")]
    describe = described(Mistake(id="m.one", title="one"), Mistake(id="m.form", effect="equivalent"))

    found = figures.mistake_figures(rows, describe)

    assert [(m.id, m.title, m.students, m.judged, m.common) for m in found] == [
        ("m.one", "one", 2, 3, False),
        ("m.two", "", 1, 3, False),
        ("m.form", "gate applied twice", 1, 3, False),
    ]
    assert found[0].share == pytest.approx(2 / 3)


def meets(students: int, judged: int, *, title: str = "", accepted: bool = False) -> figures.MistakeFigures:
    return figures.MistakeFigures(
        id="m.one", title=title, question="1b", students=students, judged=judged, accepted=accepted
    )


def test_a_share_of_nobody_is_zero() -> None:
    assert meets(0, 0).share == 0.0


@pytest.mark.parametrize(
    ("students", "judged", "common"),
    [
        pytest.param(9, 20, True, id="above the share"),
        pytest.param(8, 20, False, id="the share itself"),
        pytest.param(3, 5, True, id="the smallest cohort"),
        pytest.param(2, 5, False, id="two of five"),
        pytest.param(4, 4, False, id="a tiny cohort does not cry wolf"),
    ],
)
def test_a_diagnosis_is_common_above_the_share_of_enough_submissions(students: int, judged: int, common: bool) -> None:
    assert meets(students, judged).common is common


def test_an_accepted_form_is_never_common() -> None:
    assert not meets(20, 20, accepted=True).common


def test_a_common_diagnosis_is_told_by_its_title_or_its_name() -> None:
    assert meets(12, 20, title="gate turned").told == '12 of 20 were told "gate turned" in 1b'
    assert meets(12, 20).told == "12 of 20 were told m.one in 1b"


def test_only_those_whose_question_was_judged_are_counted() -> None:
    def one(student: str, outcome: str, *names: str, mark: str | None = "default") -> SubmissionMarks:
        return submission_marks(student, question_mark("1", check_mark("1/a", mark, outcome=outcome, diagnosis=names)))

    rows = [
        *(one(f"wrong{n}", "failed", "m.one") for n in range(3)),
        *(one(f"right{n}", "passed") for n in range(2)),
        *(one(f"open{n}", "manual") for n in range(9)),
        *(one(f"blocked{n}", "blocked") for n in range(9)),
        *(one(f"blank{n}", "unanswered") for n in range(9)),
        *(one(f"ours{n}", "fault") for n in range(9)),
    ]

    (found,) = figures.common_mistakes(run_marks(*rows), described(Mistake(id="m.one")))

    assert (found.students, found.judged, found.key) == (3, 5, "1:m.one")


def acknowledged(check: str, students: int | None, kind: str = "acknowledge") -> Event:
    return Event.model_validate(
        {"kind": kind, "student": "", "check": check, "students": students, "why": "w", "who": "x", "at": "2026"}
    )


@pytest.mark.parametrize(
    ("event", "holds"),
    [
        pytest.param(acknowledged("1b:m.one", 12), True, id="as many as now"),
        pytest.param(acknowledged("1b:m.one", 15), True, id="more than now"),
        pytest.param(acknowledged("1b:m.one", 11), False, id="it meets more by now"),
        pytest.param(acknowledged("1b:m.one", None), False, id="of nobody knows how many"),
        pytest.param(acknowledged("1d:m.one", 12), False, id="another question"),
        pytest.param(acknowledged("1b:m.one", 12, "note"), False, id="another kind of event"),
    ],
)
def test_an_acknowledgement_holds_for_no_more_than_it_was_given_for(event: Event, holds: bool) -> None:
    assert figures.acknowledgement(meets(12, 20), [event]) == (event if holds else None)


def test_a_row_without_questions_does_not_disturb_the_figures() -> None:
    assert figures.question_figures([submission_marks("a", status=SubmissionStatus.NEEDS_REVIEW)]) == ()
