"""What a student may see, as a record: the only way into the feedback page.

No field here can hold a hidden input, an expected value, a test's text, a traceback, a flag for the instructor or a
name. A question's `show` is obeyed while the record is built, so that no template can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.errors import EvidenceError
from grader.records import (
    Adjustment,
    Digests,
    Mark,
    QuestionMark,
    Reason,
    Submission,
    SubmissionMarks,
    SubmissionStatus,
)
from grader.report import wording
from grader.report.highlights import Highlights, highlights
from grader.report.plain_text import one_line
from grader.report.question_view import QuestionView, question_view
from grader.rubric import Rubric

if TYPE_CHECKING:
    from grader.oracle import MistakeText

MAX_NOTES = 20
SHORT_DIGEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class SumsRow:
    """One row of the table that shows how the marks add up."""

    label: str
    question: str = ""
    """Identifier of the question that the row links to; empty for adjustments."""
    by_grader: Mark | None = None
    by_person: Mark | None = None
    mark: Mark
    """What the row adds to the total."""
    open: Mark | None = None
    max: Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRun:
    """Where the marks come from, for all pages of a run."""

    title: str
    contact: str
    digests: Digests
    scoring_version: int
    isolation: tuple[str, ...]

    @property
    def short_digests(self) -> tuple[tuple[str, str], ...]:
        """Pairs of input and the beginning of its digest; inputs without one are left out."""
        named = (
            ("coursework", self.digests.rubric),
            ("evidence", self.digests.evidence),
            ("known mistakes", self.digests.oracle),
            ("decisions by people", self.digests.events),
        )
        return tuple((name, digest[:SHORT_DIGEST]) for name, digest in named if digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentView:
    """One feedback page."""

    about: AboutRun
    reference: str
    """The first characters of the hand-in's digest; empty if nothing was handed in."""
    attempt: int
    received: str
    """When it was handed in, and whether in time; empty where the input does not say."""
    status: SubmissionStatus
    notebook: str
    """Which notebook was graded; empty if none was."""
    total: Mark
    open: Mark
    max: Mark
    highlights: Highlights
    notes: tuple[str, ...]
    """About the file and how it was run."""
    more_notes: int
    """How many notes were left out."""
    refused: Reason | None
    questions: tuple[QuestionView, ...]
    sums: tuple[SumsRow, ...]

    @property
    def percent(self) -> int:
        """Total over maximum, rounded down so that no one reads more than there is."""
        return int(self.total * 100 / self.max) if self.max else 0

    @property
    def file_problem(self) -> str:
        """The fixed sentence about the state of the whole submission; empty when there is nothing to say."""
        return {
            SubmissionStatus.NEEDS_REVIEW: wording.NEEDS_REVIEW,
            SubmissionStatus.REFUSED: wording.REFUSED,
            SubmissionStatus.NOT_SUBMITTED: wording.NOT_SUBMITTED,
        }.get(self.status, "")


def student_view(
    marks: SubmissionMarks,
    submission: Submission | None,
    rubric: Rubric,
    about: AboutRun,
    describe: Callable[[str], MistakeText | None],
    answers: Mapping[str, str],
) -> StudentView:
    """What the student may see of one submission.

    Args:
        marks: the row of the marks.
        submission: the hand-in as read; None if it is not at hand, which leaves its notes out.
        rubric: titles, `show` and `uses` of the questions.
        about: facts of the run.
        describe: the text of a named mistake, or None for an identifier that nobody knows.
        answers: the student's own text for a check that a person reads, by check.

    Raises:
        EvidenceError: if the marks do not add up to the total.
        RubricError: if the marks name a question that the rubric does not have.
    """
    questions = tuple(
        question_view(question, rubric, describe, _answer(question, answers)) for question in marks.questions
    )
    notes = _notes(marks, submission)
    notebook = submission.notebook if submission is not None else None
    return StudentView(
        about=about,
        reference=submission.digest[:SHORT_DIGEST] if submission is not None else "",
        attempt=marks.attempt,
        received=_received(submission),
        status=marks.status,
        notebook=one_line(notebook.source_name) if notebook is not None else "",
        total=marks.total,
        open=marks.open,
        max=marks.max,
        highlights=highlights(questions),
        notes=notes[:MAX_NOTES],
        more_notes=max(0, len(notes) - MAX_NOTES),
        refused=_refused(marks, submission),
        questions=questions,
        sums=_sums(marks),
    )


def _answer(question: QuestionMark, answers: Mapping[str, str]) -> str:
    texts = (answers.get(check.id, "").strip("\n") for check in question.checks)
    return "\n\n".join(text for text in texts if text)


def _received(submission: Submission | None) -> str:
    if submission is None:
        return ""
    late = wording.lateness(submission.hours_late)
    received = wording.received(submission.received or "")
    return ", ".join(part for part in (received, late) if part)


def _notes(marks: SubmissionMarks, submission: Submission | None) -> tuple[str, ...]:
    found = list(submission.notes) if submission is not None else []
    if submission is not None and submission.notebook is not None:
        found.extend(submission.notebook.notes)
    found.extend(marks.notes)
    return tuple(dict.fromkeys(one_line(note) for note in found if note.strip()))


def _refused(marks: SubmissionMarks, submission: Submission | None) -> Reason | None:
    """The reason of a refusal; that of a review is for the instructor."""
    if marks.status is not SubmissionStatus.REFUSED:
        return None
    reason = marks.reason or (submission.refused if submission is not None else None)
    if reason is None:
        return None
    return Reason(
        code=one_line(reason.code),
        what=one_line(reason.what),
        where=one_line(reason.where),
        next_step=one_line(reason.next_step),
    )


def _sums(marks: SubmissionMarks) -> tuple[SumsRow, ...]:
    zero = marks.max * 0
    rows = []
    for question in marks.questions:
        person = sum((c.mark for c in question.checks if c.mark is not None and c.by == "person"), zero)
        grader = sum((c.mark for c in question.checks if c.mark is not None and c.by != "person"), zero)
        waiting = sum((c.max for c in question.checks if c.mark is None), zero)
        rows.append(
            SumsRow(
                label=one_line(question.title),
                question=question.id,
                by_grader=grader,
                by_person=person,
                mark=grader + person,
                open=waiting,
                max=question.max,
            )
        )
    rows.extend(_adjustment(adjustment) for adjustment in marks.adjustments)
    total = sum((row.mark for row in rows), zero)
    if total < 0 and marks.total == 0:
        rows.append(SumsRow(label=wording.NOT_BELOW_ZERO, mark=-total))
        total = zero
    if total != marks.total:
        raise EvidenceError(
            "marks-do-not-add-up",
            f"the questions and adjustments add up to {total}, the total is {marks.total}",
            where=f"{marks.student}, attempt {marks.attempt}",
            next_step="mark the run again: grader score RUN",
        )
    return tuple(rows)


def _adjustment(adjustment: Adjustment) -> SumsRow:
    by = "decided by a person" if adjustment.by == "person" else "a rule of the course"
    return SumsRow(label=f"{one_line(adjustment.reason or adjustment.id)} ({by})", mark=adjustment.marks)
