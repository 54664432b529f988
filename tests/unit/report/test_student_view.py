"""What a student may see, decided before any template is filled."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from helpers.marks_builders import (
    Mistake,
    check_mark,
    described,
    hand_in,
    question_mark,
    rubric_for,
    run_marks,
    submission_marks,
)

from grader.errors import EvidenceError, RubricError
from grader.records import Adjustment, Reason, SubmissionMarks, SubmissionStatus
from grader.report import wording
from grader.report.plain_text import Excerpt
from grader.report.question_view import CheckView, QuestionView
from grader.report.student_view import AboutRun, StudentView, student_view
from grader.rubric import Rubric

NO_MISTAKES = described()


def view_of(
    row: SubmissionMarks, *, rubric: Rubric | None = None, describe: Any = NO_MISTAKES, **rest: Any
) -> StudentView:
    marks = run_marks(row)
    about = AboutRun(
        title=marks.title, contact="us", digests=marks.digests, scoring_version=1, isolation=marks.isolation
    )
    submission = rest.get("submission", hand_in(row.student))
    return student_view(row, submission, rubric or rubric_for(marks), about, describe, rest.get("answers", {}))


def revealing_row() -> SubmissionMarks:
    return submission_marks(
        "s001",
        question_mark(
            "1",
            check_mark(
                "1/shape",
                outcome="failed",
                reason="the gap",
                diagnosis=("m.one",),
                next_step="the step",
                convention="the form",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("show", "seen", "unseen"),
    [
        pytest.param("none", {wording.HIDDEN}, {"1/shape", "the title", "the step", "the form", "the gap"}, id="none"),
        pytest.param(
            "state", {"1/shape", wording.NOT_MET}, {"the title", "the step", "the form", "the gap"}, id="state"
        ),
        pytest.param(
            "misconception",
            {"1/shape", wording.NOT_MET, "the title", "the step", "the form"},
            {"the gap"},
            id="mistake",
        ),
        pytest.param("gap", {"1/shape", "the title", "the step", "the form", "the gap"}, {wording.NOT_MET}, id="gap"),
    ],
)
def test_a_question_shows_as_much_as_the_rubric_allows(show: str, seen: set[str], unseen: set[str]) -> None:
    row = revealing_row()
    mistake = Mistake(id="m.one", title="the title")

    view = view_of(row, rubric=rubric_for(run_marks(row), shows={"1": show}), describe=described(mistake))

    text = repr(view)
    assert all(part in text for part in seen)
    assert not any(part in text for part in unseen)


def test_the_mark_of_a_hidden_question_is_shown_all_the_same() -> None:
    row = revealing_row()

    view = view_of(row, rubric=rubric_for(run_marks(row), shows={"1": "none"}))

    assert (view.questions[0].mark, view.questions[0].max) == (Decimal(0), Decimal(2))
    assert view.sums[0].mark == 0


def test_neither_name_nor_flags_nor_evidence_nor_the_instructors_reason_reach_the_view() -> None:
    row = submission_marks(
        "s001",
        question_mark("1", check_mark("1/a", outcome="fault", reason="worker died", evidence=("part-student",))),
        name="Full Name",
        submission="Full Name.zip",
        flags=("forbidden:x",),
        status=SubmissionStatus.NEEDS_REVIEW,
        reason=Reason(code="looks-odd", what="writes to builtins"),
    )

    text = repr(view_of(row))

    for secret in ("Full Name", "forbidden:x", "part-student", "worker died", "looks-odd", "builtins"):
        assert secret not in text


def test_the_records_of_the_view_have_no_field_for_hidden_things() -> None:
    names = {f.name for record in (StudentView, QuestionView, CheckView) for f in dataclasses.fields(record)}

    assert names.isdisjoint(
        {"name_of_student", "flags", "evidence", "expected", "seed", "traceback", "email", "lms_id"}
    )


def test_a_refusal_carries_its_three_parts() -> None:
    reason = Reason(code="archive-encrypted", what="it has a password", where="a.zip", next_step="hand in without")
    row = submission_marks("s001", status=SubmissionStatus.REFUSED)

    view = view_of(row, submission=hand_in("s001", refused=reason))

    assert view.refused == reason
    assert view.file_problem == wording.REFUSED
    assert view.notebook == ""


def test_a_refusal_without_a_reason_is_still_said() -> None:
    view = view_of(submission_marks("s001", status=SubmissionStatus.REFUSED), submission=None)

    assert (view.refused, view.file_problem, view.reference) == (None, wording.REFUSED, "")


def test_notes_from_all_sources_are_kept_once_and_counted_beyond_twenty() -> None:
    row = submission_marks(
        "s001", question_mark("1", check_mark("1/a")), notes=(*(f"note {number}" for number in range(24)), " ")
    )

    view = view_of(row, submission=hand_in("s001", notes=("note 3", "first")))

    assert view.notes[:3] == ("note 3", "first", "note 0")
    assert (len(view.notes), view.more_notes) == (20, 5)


def test_rows_and_adjustments_add_up_to_the_total() -> None:
    row = submission_marks(
        "s001",
        question_mark(
            "1", check_mark("1/a", "1.33", "2", "partial"), check_mark("1/b", "0.5", "1", "partial", by="person")
        ),
        question_mark("2", check_mark("2/a", outcome="manual")),
        adjustments=(Adjustment(id="late", marks=Decimal("-0.40"), reason="late", by="policy"),),
    )

    view = view_of(row)

    assert [(r.by_grader, r.by_person, r.mark, r.open) for r in view.sums] == [
        (Decimal("1.33"), Decimal("0.50"), Decimal("1.83"), Decimal(0)),
        (Decimal(0), Decimal(0), Decimal(0), Decimal(2)),
        (None, None, Decimal("-0.40"), None),
    ]
    assert sum(r.mark for r in view.sums) == view.total == Decimal("1.43")
    assert view.sums[2].label == "late (a rule of the course)"


def test_a_total_that_was_kept_at_zero_is_explained_by_a_row() -> None:
    row = submission_marks(
        "s001",
        question_mark("1", check_mark("1/a", "1", "2", "partial")),
        adjustments=(Adjustment(id="late", marks=Decimal("-3.00"), reason="", by="person"),),
    )

    view = view_of(row)

    assert [(r.label, r.mark) for r in view.sums[1:]] == [
        ("late (decided by a person)", Decimal(-3)),
        (wording.NOT_BELOW_ZERO, Decimal(2)),
    ]


def test_marks_that_do_not_add_up_never_become_a_page() -> None:
    row = submission_marks("s001", question_mark("1", check_mark("1/a")), total=Decimal("1.99"))

    with pytest.raises(EvidenceError, match="add up to 2") as caught:
        view_of(row)

    assert caught.value.code == "marks-do-not-add-up"


def test_a_question_that_the_rubric_does_not_have_is_an_error_and_not_shown_by_chance() -> None:
    row = submission_marks("s001", question_mark("9", check_mark("9/a")))

    with pytest.raises(RubricError, match='no question "9"'):
        view_of(row, rubric=rubric_for([question_mark("1", check_mark("1/a"))]))


def test_the_answers_to_all_checks_of_a_question_are_joined() -> None:
    checks = [check_mark(f"1/{name}", outcome="manual") for name in "abc"]

    view = view_of(submission_marks("s001", question_mark("1", *checks)), answers={"1/a": "one\n", "1/c": "two"})

    assert view.questions[0].answer == Excerpt(text="one\n\ntwo")


def test_received_says_when_and_how_late() -> None:
    row = submission_marks("s001", question_mark("1", check_mark("1/a")))

    view = view_of(row, submission=hand_in("s001", received="2026-11-18T16:02:00Z", hours_late=-1.0))

    assert view.received == "18 November 2026, 16:02 UTC, on time"


@pytest.mark.parametrize(("mark", "wanted"), [("0", 0), ("1.99", 99), ("2", 100), ("1", 50)])
def test_percent_is_rounded_down(mark: str, wanted: int) -> None:
    assert (
        view_of(submission_marks("s001", question_mark("1", check_mark("1/a", mark, outcome="partial")))).percent
        == wanted
    )


def test_percent_of_nothing_is_zero() -> None:
    assert view_of(submission_marks("s001", max=Decimal(0))).percent == 0
