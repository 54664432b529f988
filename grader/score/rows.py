"""From the marks of checks to a row of the table: people's decisions, lateness, totals, status, attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from grader.records import (
    Adjustment,
    CheckMark,
    Event,
    Outcome,
    QuestionMark,
    Reason,
    Submission,
    SubmissionMarks,
    SubmissionStatus,
)
from grader.rubric import Rubric
from grader.score.marks import (
    LATE,
    ZERO,
    as_mark,
    lateness,
    open_marks,
    outcome_of,
    question_mark,
    rounded,
    total,
)
from grader.score.worker_lines import ScoredSubmission

OUR_FAULT = "intake-fault"
"""Flag of a hand-in that could not be read because the grader failed: never a zero."""
REVIEWED = (
    "forbidden:",
    "tampering:",
    "hostile",
    "needs-evidence",
    "scoring-fault",
    "evidence-",
    "not-scored",
)
"""Beginnings of flags that need a person; the event `waive` with the flag's name settles one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Questions after people's decisions."""

    questions: tuple[QuestionMark, ...]
    flags: tuple[str, ...] = ()
    """`override-unused:<check>` for a decision about a check that is not there or a mark that it cannot have."""


def apply_events(questions: Sequence[QuestionMark], rubric: Rubric, events: Sequence[Event]) -> Applied:
    """The questions with people's marks in place of the machine's; the last decision on a check counts.

    Args:
        questions: as scored.
        rubric: for the questions' order and maxima.
        events: those of this student, oldest first.
    """
    decisions = {event.check: event for event in events if event.kind == "override"}
    used: set[str] = set()
    changed = []
    for question in questions:
        checks = []
        for check in question.checks:
            decision = decisions.get(check.id)
            after = check if decision is None else _overridden(check, decision)
            if decision is not None and after is not None:
                used.add(check.id)
            checks.append(after or check)
        changed.append(question_mark(rubric.question(question.id), checks))
    unused = sorted(set(decisions) - used)
    return Applied(questions=tuple(changed), flags=tuple(f"override-unused:{check}" for check in unused))


def finish(
    submission: Submission,
    scored: ScoredSubmission | None,
    rubric: Rubric,
    events: Sequence[Event] = (),
    *,
    fault: Reason | None = None,
) -> SubmissionMarks:
    """One row of the marks.

    Args:
        submission: the hand-in.
        scored: what scoring found; None if there was nothing to score.
        rubric: the coursework.
        events: people's decisions, oldest first; those about other students are passed over.
        fault: why the hand-in could not be executed, if that was our fault.
    """
    if submission.notebook is None or scored is None:
        return _without_marks(submission, rubric, fault)
    mine = [event for event in events if event.student in (submission.student, submission.key)]
    applied = apply_events(scored.questions, rubric, mine)
    subtotal = total(applied.questions, ())
    adjustments = _adjustments(submission, rubric, mine, subtotal)
    settled = {event.check for event in mine if event.kind == "waive"}
    flags = [
        *submission.flags,
        *scored.flags,
        *applied.flags,
        *(["execution-fault"] if fault is not None else []),
    ]
    flags = [flag for flag in dict.fromkeys(flags) if flag not in settled]
    checks = [check for question in applied.questions for check in question.checks]
    return SubmissionMarks(
        student=submission.student,
        name=submission.name,
        submission=submission.submission,
        attempt=submission.attempt,
        status=_status(checks, flags, fault),
        flags=tuple(flags),
        total=total(applied.questions, adjustments),
        open=rounded(open_marks(checks)),
        max=rounded(rubric.max),
        adjustments=tuple(adjustments),
        questions=applied.questions,
        reason=fault,
        notes=tuple(dict.fromkeys([*submission.notes, *scored.notes])),
    )


def choose_attempts(rows: Sequence[SubmissionMarks], rubric: Rubric) -> tuple[SubmissionMarks, ...]:
    """The rows with `counts` set by the rubric's rule for several attempts.

    An attempt that could not be read counts only if there is no other. Of equally good ones the latest counts.
    """
    chosen = set()
    for _, group in groupby(sorted(rows, key=lambda row: row.student), key=lambda row: row.student):
        attempts = list(group)
        readable = [row for row in attempts if row.status is not SubmissionStatus.REFUSED] or attempts
        if rubric.attempts == "first":
            best = min(readable, key=lambda row: row.attempt)
        elif rubric.attempts == "last":
            best = max(readable, key=lambda row: row.attempt)
        else:
            best = max(readable, key=lambda row: (row.total, row.attempt))
        chosen.add((best.student, best.attempt))
    return tuple(row.model_copy(update={"counts": (row.student, row.attempt) in chosen}) for row in rows)


def _overridden(check: CheckMark, event: Event) -> CheckMark | None:
    """The check as a person decided it; None if the mark cannot be."""
    if event.mark is None:
        return None
    try:
        mark = as_mark(event.mark, maximum=check.max)
    except ValueError:
        return None
    return check.model_copy(
        update={
            "mark": mark,
            "outcome": outcome_of(mark, check.max),
            "by": "person",
            "reason": event.why,
            "uncertain": False,
        }
    )


def _adjustments(
    submission: Submission, rubric: Rubric, events: Sequence[Event], subtotal: Decimal
) -> list[Adjustment]:
    late = lateness(rubric, submission.hours_late, subtotal)
    if late is None:
        return []
    waiver = next((event for event in reversed(events) if event.kind == "waive" and event.check == LATE), None)
    if waiver is None:
        return [late]
    return [Adjustment(id=LATE, marks=ZERO, reason=f"{late.reason} Waived: {waiver.why}", by="person")]


def _without_marks(submission: Submission, rubric: Rubric, fault: Reason | None) -> SubmissionMarks:
    """The row of a hand-in that was refused, never made, or not scored: no question has a mark."""
    flags = list(submission.flags)
    waiting = ZERO
    if OUR_FAULT in flags:
        status, waiting = SubmissionStatus.NEEDS_REVIEW, rounded(rubric.max)
    elif submission.refused is not None:
        status = SubmissionStatus.REFUSED
    elif submission.notebook is None:
        status = SubmissionStatus.NOT_SUBMITTED
    else:
        status, waiting = SubmissionStatus.NEEDS_REVIEW, rounded(rubric.max)
        flags.append("not-scored")
    return SubmissionMarks(
        student=submission.student,
        name=submission.name,
        submission=submission.submission,
        attempt=submission.attempt,
        status=status,
        flags=tuple(dict.fromkeys(flags)),
        total=ZERO,
        open=waiting,
        max=rounded(rubric.max),
        reason=submission.refused or fault,
        notes=submission.notes,
    )


def _status(checks: Sequence[CheckMark], flags: Sequence[str], fault: Reason | None) -> SubmissionStatus:
    looked_for = any(check.outcome is Outcome.FAULT or check.uncertain for check in checks)
    if fault is not None or looked_for or any(flag.startswith(REVIEWED) for flag in flags):
        return SubmissionStatus.NEEDS_REVIEW
    waits = any(check.mark is None for check in checks)
    return SubmissionStatus.OPEN if waits else SubmissionStatus.GRADED
