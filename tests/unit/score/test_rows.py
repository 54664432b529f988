"""Rows of the table: decisions of people, status, attempts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from grader.records import (
    CheckMark,
    Event,
    NotebookRecord,
    Outcome,
    Reason,
    Submission,
    SubmissionMarks,
    SubmissionStatus,
)
from grader.rubric import Lateness, Question, Rubric
from grader.score import ScoredSubmission, apply_events, choose_attempts, finish
from grader.score.marks import question_mark

RUBRIC = Rubric(
    title="T",
    folder=Path("t"),
    questions=(Question(id="1", title="", marks=Decimal(4)), Question(id="2", title="", marks=Decimal(6))),
    lateness=Lateness(percent=Decimal(10), period_hours=24),
)
NOTEBOOK = NotebookRecord(source_name="n", format="ipynb", cells=())


def submission(**fields: object) -> Submission:
    given = {"student": "s001", "name": "S", "submission": "s.zip", "key": "s001", "notebook": NOTEBOOK, **fields}
    return Submission.model_validate(given)


def scored(first: CheckMark, *flags: str) -> ScoredSubmission:
    """Two questions; the second has full marks."""
    second = CheckMark(id="2/b", mark=Decimal(6), max=Decimal(6), outcome=Outcome.PASSED)
    marked = [
        question_mark(question, [check]) for question, check in zip(RUBRIC.questions, (first, second), strict=True)
    ]
    return ScoredSubmission(questions=tuple(marked), flags=flags, notes=("read",))


def check(outcome: Outcome, mark: str | None, **fields: object) -> CheckMark:
    return CheckMark.model_validate({"id": "1/a", "mark": mark, "max": Decimal(4), "outcome": outcome, **fields})


def event(kind: str, target: str, mark: str | None = None, student: str = "s001") -> Event:
    given = {"kind": kind, "student": student, "check": target, "mark": mark, "why": "seen", "who": "w", "at": "t"}
    return Event.model_validate(given)


PASSED = check(Outcome.PASSED, "4")
MANUAL = check(Outcome.MANUAL, None)
FAULT = check(Outcome.FAULT, None)


@pytest.mark.parametrize(
    ("first", "flags", "status"),
    [
        pytest.param(PASSED, (), "graded", id="all decided"),
        pytest.param(MANUAL, (), "open", id="a person marks theory"),
        pytest.param(FAULT, (), "needs-review", id="a fault of ours"),
        pytest.param(check(Outcome.MANUAL, None, uncertain=True), (), "needs-review", id="not recognised"),
        pytest.param(check(Outcome.PARTIAL, "1", uncertain=True), (), "needs-review", id="awarded, but uncertain"),
        pytest.param(PASSED, ("forbidden:torch.nn.Linear",), "needs-review", id="forbidden"),
        pytest.param(PASSED, ("tampering:sys.modules",), "needs-review", id="tampering"),
        pytest.param(PASSED, ("hostile-archive",), "needs-review", id="hostile"),
        pytest.param(PASSED, ("log-first-loss", "several-notebooks"), "graded", id="information only"),
    ],
)
def test_the_status_follows_from_checks_and_flags(first: CheckMark, flags: tuple[str, ...], status: str) -> None:
    row = finish(submission(), scored(first, *flags), RUBRIC)
    assert row.status == status
    assert row.flags == flags


def test_a_row_adds_up() -> None:
    row = finish(submission(notes=("unpacked",), flags=("odd",)), scored(MANUAL), RUBRIC)
    assert (row.total, row.open, row.max) == (Decimal(6), Decimal(4), Decimal(10))
    assert row.notes == ("unpacked", "read")
    assert row.flags == ("odd",)


@pytest.mark.parametrize(
    ("mark", "outcome", "status"),
    [("4", Outcome.PASSED, "graded"), ("1.5", Outcome.PARTIAL, "graded"), ("0", Outcome.FAILED, "graded")],
)
def test_a_person_decides_what_waits(mark: str, outcome: Outcome, status: str) -> None:
    row = finish(submission(), scored(FAULT), RUBRIC, [event("override", "1/a", mark)])

    decided = row.questions[0].checks[0]
    assert (decided.mark, decided.outcome, decided.by, decided.reason) == (Decimal(mark), outcome, "person", "seen")
    assert (row.status, row.total, row.open) == (status, Decimal(6) + Decimal(mark), Decimal(0))


def test_the_last_decision_counts_and_others_students_decisions_do_not() -> None:
    events = [event("override", "1/a", "1"), event("override", "1/a", "2"), event("override", "1/a", "3", "s002")]
    row = finish(submission(), scored(PASSED), RUBRIC, events)
    assert row.questions[0].mark == Decimal("2.00")


@pytest.mark.parametrize(
    "decision",
    [
        pytest.param(event("override", "9/z", "1"), id="no such check"),
        pytest.param(event("override", "1/a", "5"), id="above the maximum"),
        pytest.param(event("override", "1/a"), id="no mark"),
    ],
)
def test_a_decision_that_cannot_be_applied_is_flagged(decision: Event) -> None:
    applied = apply_events(scored(PASSED).questions, RUBRIC, [decision])
    assert applied.flags == (f"override-unused:{decision.check}",)
    assert applied.questions == scored(PASSED).questions


def test_a_flag_is_settled_by_a_waiver() -> None:
    row = finish(submission(), scored(PASSED, "forbidden:a.b"), RUBRIC, [event("waive", "forbidden:a.b")])
    assert (row.status, row.flags) == (SubmissionStatus.GRADED, ())


def test_lateness_is_taken_last_and_can_be_waived() -> None:
    late = submission(hours_late=30.0)
    taken = finish(late, scored(PASSED), RUBRIC)
    waived = finish(late, scored(PASSED), RUBRIC, [event("waive", "late")])

    assert (taken.total, taken.adjustments[0].marks) == (Decimal(8), Decimal(-2))
    assert (waived.total, waived.adjustments[0].by) == (Decimal(10), "person")
    assert waived.adjustments[0].reason.endswith("Waived: seen")


def test_a_refused_file_is_a_row_without_marks() -> None:
    reason = Reason(code="archive-broken", what="cut off")
    row = finish(submission(notebook=None, refused=reason), None, RUBRIC)
    assert (row.status, row.total, row.open, row.max) == (SubmissionStatus.REFUSED, 0, 0, 10)
    assert (row.questions, row.reason) == ((), reason)


def test_a_hand_in_that_we_failed_to_read_waits_for_a_person() -> None:
    reason = Reason(code="intake-fault", what="the grader failed")
    row = finish(submission(notebook=None, refused=reason, flags=("intake-fault",)), None, RUBRIC)
    assert (row.status, row.total, row.open) == (SubmissionStatus.NEEDS_REVIEW, 0, Decimal(10))
    assert row.reason == reason


def test_somebody_who_handed_in_nothing_has_a_row() -> None:
    row = finish(submission(notebook=None, submission=""), None, RUBRIC)
    assert (row.status, row.total, row.open, row.reason) == (SubmissionStatus.NOT_SUBMITTED, 0, 0, None)


def test_what_was_never_scored_waits_for_a_person_with_all_its_marks() -> None:
    fault = Reason(code="kernel-died", what="ours")
    row = finish(submission(), None, RUBRIC, fault=fault)
    assert (row.status, row.open, row.flags) == (SubmissionStatus.NEEDS_REVIEW, Decimal(10), ("not-scored",))
    assert row.reason == fault


def test_a_fault_of_execution_needs_review_though_there_are_marks() -> None:
    row = finish(submission(), scored(PASSED), RUBRIC, fault=Reason(code="kernel-died", what="ours"))
    assert (row.status, row.flags) == (SubmissionStatus.NEEDS_REVIEW, ("execution-fault",))


def attempts(*totals: tuple[int, str]) -> list[SubmissionMarks]:
    """Rows of one student: (total, status) of each attempt."""
    return [
        SubmissionMarks.model_validate(
            {"student": "s", "name": "", "submission": "", "attempt": number, "status": status, "total": total}
            | {"open": 0, "max": 10}
        )
        for number, (total, status) in enumerate(totals, start=1)
    ]


@pytest.mark.parametrize(
    ("rule", "rows", "chosen"),
    [
        pytest.param("last", [(5, "graded"), (3, "graded")], 2, id="last"),
        pytest.param("first", [(5, "graded"), (7, "graded")], 1, id="first"),
        pytest.param("best", [(5, "graded"), (7, "graded"), (6, "graded")], 2, id="best"),
        pytest.param("best", [(7, "graded"), (7, "graded")], 2, id="best, the later of equals"),
        pytest.param("last", [(5, "graded"), (0, "refused")], 1, id="a refused attempt is passed over"),
        pytest.param("last", [(0, "refused"), (0, "refused")], 2, id="unless there is no other"),
    ],
)
def test_one_attempt_counts(rule: str, rows: list[tuple[int, str]], chosen: int) -> None:
    rubric = RUBRIC.model_copy(update={"attempts": rule})
    found = choose_attempts(attempts(*rows), rubric)
    assert [row.attempt for row in found if row.counts] == [chosen]
    assert [row.attempt for row in found] == list(range(1, len(rows) + 1))
