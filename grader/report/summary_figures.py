"""The figures of a cohort, each with the definition that the summary page prints below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isclose, sqrt
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING

from grader.records import Event, Mark, Outcome, QuestionMark, RunMarks, SubmissionMarks, SubmissionStatus

if TYPE_CHECKING:
    from grader.oracle import MistakeText

MIN_FOR_DISCRIMINATION = 20
SMALL_COHORT = 50
COMMON_SHARE = 0.4
"""A diagnosis that meets more than this share of a cohort may be ours, or the question's."""
COMMON_JUDGED = 5
"""Submissions whose question was judged, below which no diagnosis is called common: two of four say nothing."""
BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many submissions stand where; attempts that do not count are left out."""

    all: int
    graded: int
    open: int
    needs_review: int
    refused: int
    not_submitted: int

    @property
    def line(self) -> str:
        """The counts in one sentence."""
        return (
            f"{self.all} {'submission' if self.all == 1 else 'submissions'}: {self.graded} graded, {self.open} open, "
            f"{self.needs_review} need review, {self.refused} refused, {self.not_submitted} not submitted"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The totals of those whose work was read."""

    n: int
    mean: float
    median: float
    deviation: float | None
    """None below two submissions."""
    lowest: Mark
    highest: Mark
    zero: int
    full: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionFigures:
    """One row of the table of questions."""

    id: str
    title: str
    max: Mark
    decided: int
    facility: float | None
    """Mean mark over maximum of those decided; None without any, or without marks."""
    facility_attempted: float | None
    """The same without those who left the question unanswered."""
    full: int
    zero: int
    open: int
    unnamed: int
    """Decided, lost marks in a check, and no diagnosis says why."""
    discrimination: float | None
    """Correlation with the marks of all other questions; None where it is undefined or the cohort is small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakeFigures:
    """A named mistake in one question."""

    id: str
    title: str
    question: str
    students: int
    judged: int
    """Those whose question was judged: something is there, and the machine or a person has decided about it."""
    accepted: bool
    """True for another way of writing the same thing."""

    @property
    def share(self) -> float:
        return self.students / self.judged if self.judged else 0.0

    @property
    def common(self) -> bool:
        """It meets so many that the question's text, the template or the check may be the cause."""
        return not self.accepted and self.judged >= COMMON_JUDGED and self.share > COMMON_SHARE

    @property
    def key(self) -> str:
        """By which a person acknowledges it."""
        return f"{self.question}:{self.id}"

    @property
    def told(self) -> str:
        """How many were told so, as a sentence."""
        name = f'"{self.title}"' if self.title else self.id
        return f"{self.students} of {self.judged} were told {name} in {self.question}"


def counting(marks: RunMarks) -> tuple[SubmissionMarks, ...]:
    """One row a person: the attempt that counts."""
    return tuple(row for row in marks.submissions if row.counts)


def read(marks: RunMarks) -> tuple[SubmissionMarks, ...]:
    """The rows behind all figures: what counts and could be read."""
    unread = (SubmissionStatus.REFUSED, SubmissionStatus.NOT_SUBMITTED)
    return tuple(row for row in counting(marks) if row.status not in unread)


def counts(marks: RunMarks) -> Counts:
    """The counts for the first line of the summary and the last line of a batch."""
    rows = counting(marks)

    def number(status: SubmissionStatus) -> int:
        return sum(row.status is status for row in rows)

    return Counts(
        all=len(rows),
        graded=number(SubmissionStatus.GRADED),
        open=number(SubmissionStatus.OPEN),
        needs_review=number(SubmissionStatus.NEEDS_REVIEW),
        refused=number(SubmissionStatus.REFUSED),
        not_submitted=number(SubmissionStatus.NOT_SUBMITTED),
    )


def spread(rows: Sequence[SubmissionMarks]) -> Spread | None:
    """The spread of totals; None without a single row."""
    if not rows:
        return None
    totals = [float(row.total) for row in rows]
    return Spread(
        n=len(rows),
        mean=fmean(totals),
        median=median(totals),
        deviation=stdev(totals) if len(totals) > 1 else None,
        lowest=min(row.total for row in rows),
        highest=max(row.total for row in rows),
        zero=sum(row.total == 0 for row in rows),
        full=sum(row.total == row.max for row in rows),
    )


def histogram(rows: Sequence[SubmissionMarks]) -> tuple[int, ...]:
    """How many totals fall into each tenth of the maximum; the last bin is closed."""
    bins = [0] * BINS
    for row in rows:
        if row.max:
            bins[max(0, min(BINS - 1, int(row.total * BINS / row.max)))] += 1
    return tuple(bins)


def question_figures(rows: Sequence[SubmissionMarks]) -> tuple[QuestionFigures, ...]:
    """One row a question, in the order of the first submission that has it."""
    identifiers = dict.fromkeys(question.id for row in rows for question in row.questions)
    return tuple(_question_figures(identifier, rows) for identifier in identifiers)


def mistake_figures(
    rows: Sequence[SubmissionMarks], describe: Callable[[str], MistakeText | None]
) -> tuple[MistakeFigures, ...]:
    """Who made which named mistake where, most frequent first."""
    students: dict[tuple[str, str], int] = {}
    judged: dict[str, int] = {}
    for row in rows:
        for question in row.questions:
            judged[question.id] = judged.get(question.id, 0) + _is_judged(question)
            for identifier in dict.fromkeys(name for check in question.checks for name in check.diagnosis):
                key = (identifier, question.id)
                students[key] = students.get(key, 0) + 1
    figures = [
        _mistake_figures(describe(identifier), identifier, question, number, judged[question])
        for (identifier, question), number in students.items()
    ]
    return tuple(sorted(figures, key=lambda figure: (figure.accepted, -figure.students, figure.id, figure.question)))


def common_mistakes(marks: RunMarks, describe: Callable[[str], MistakeText | None]) -> tuple[MistakeFigures, ...]:
    """The diagnoses that meet so many that a person has to acknowledge them before release, most frequent first."""
    return tuple(figure for figure in mistake_figures(read(marks), describe) if figure.common)


def acknowledgement(figure: MistakeFigures, events: Iterable[Event]) -> Event | None:
    """The last acknowledgement of a diagnosis that holds: made when it met as many as now, or more."""
    found = None
    for event in events:
        if event.kind == "acknowledge" and event.check == figure.key and (event.students or 0) >= figure.students:
            found = event
    return found


def _is_judged(question: QuestionMark) -> bool:
    """A check of it was decided on what the student wrote, or a diagnosis was made."""
    decided = (Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED)
    return any(check.outcome in decided or check.diagnosis for check in question.checks)


def _mistake_figures(
    text: MistakeText | None, identifier: str, question: str, students: int, judged: int
) -> MistakeFigures:
    return MistakeFigures(
        id=identifier,
        title=text.title if text is not None else "",
        question=question,
        students=students,
        judged=judged,
        accepted=text is not None and text.effect == "equivalent",
    )


def _question_figures(identifier: str, rows: Sequence[SubmissionMarks]) -> QuestionFigures:
    found = [(row, question) for row in rows for question in row.questions if question.id == identifier]
    decided = [(row, question.mark) for row, question in found if question.mark is not None]
    attempted = [q.mark for _, q in found if q.mark is not None and q.outcome is not Outcome.UNANSWERED]
    maximum = found[0][1].max
    return QuestionFigures(
        id=identifier,
        title=found[0][1].title,
        max=maximum,
        decided=len(decided),
        facility=_facility([mark for _, mark in decided], maximum),
        facility_attempted=_facility(attempted, maximum),
        full=sum(mark == maximum for _, mark in decided) if maximum else 0,
        zero=sum(mark == 0 for _, mark in decided) if maximum else 0,
        open=len(found) - len(decided),
        unnamed=sum(_is_unnamed(question) for _, question in found),
        discrimination=_discrimination(identifier, decided),
    )


def _facility(marks: Iterable[Mark], maximum: Mark) -> float | None:
    earned = list(marks)
    return float(sum(earned, Decimal(0)) / len(earned) / maximum) if earned and maximum else None


def _is_unnamed(question: QuestionMark) -> bool:
    lossy = (Outcome.FAILED, Outcome.PARTIAL)
    return any(check.outcome in lossy and not check.diagnosis and check.mark != check.max for check in question.checks)


def _discrimination(identifier: str, decided: Sequence[tuple[SubmissionMarks, Mark]]) -> float | None:
    if len(decided) < MIN_FOR_DISCRIMINATION:
        return None
    own = [float(mark) for _, mark in decided]
    rest = [
        float(sum((q.mark for q in row.questions if q.id != identifier and q.mark is not None), Decimal(0)))
        for row, _ in decided
    ]
    own_mean, rest_mean = fmean(own), fmean(rest)
    together = sum((x - own_mean) * (r - rest_mean) for x, r in zip(own, rest, strict=True))
    apart = sqrt(sum((x - own_mean) ** 2 for x in own) * sum((r - rest_mean) ** 2 for r in rest))
    return None if isclose(apart, 0.0, abs_tol=1e-12) else together / apart
