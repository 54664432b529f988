"""The instructor's page about a run: what needs a person first, then figures, then everybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.records import CheckMark, Event, Outcome, Reason, RunMarks, SubmissionMarks, SubmissionStatus
from grader.report import summary_figures as figures
from grader.report import wording
from grader.report.checklists import checklists
from grader.report.html_page import render
from grader.report.plain_text import one_line
from grader.rubric import Rubric

if TYPE_CHECKING:
    from grader.oracle import MistakeText

MAX_REASONS = 12
_ATTENTION = (SubmissionStatus.NEEDS_REVIEW, SubmissionStatus.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """A submission that needs a person, and why."""

    row: SubmissionMarks
    reason: Reason | None
    checks: tuple[CheckMark, ...]
    """Those that are at fault or uncertain."""
    more: int
    """How many checks were left out."""
    notes: tuple[str, ...] = ()
    """What the hand-in's flags are about."""
    more_notes: int = 0

    @property
    def faults(self) -> int:
        return sum(check.outcome is Outcome.FAULT for check in self.checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of the histogram, in the units of the drawing."""

    label: str
    students: int
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """A diagnosis that meets many."""

    figure: figures.MistakeFigures
    acknowledged: Event | None
    """Who has looked at it, and why it stands; None if nobody has."""


CHART_HEIGHT = 150
BAR_STEP = 60


def summary_page(
    marks: RunMarks,
    describe: Callable[[str], MistakeText | None],
    events: Sequence[Event] = (),
    rubric: Rubric | None = None,
) -> str:
    """The page as text.

    Args:
        marks: the whole run.
        describe: the text of a named mistake, or None for an identifier that nobody knows.
        events: people's decisions, for the acknowledgements among them.
        rubric: for what markers look for; left out without one.
    """
    rows = figures.read(marks)
    mistakes = figures.mistake_figures(rows, describe)
    common = [Common(figure=one, acknowledged=figures.acknowledgement(one, events)) for one in mistakes if one.common]
    return render(
        "summary.html.j2",
        run=marks,
        title=one_line(marks.title),
        counts=figures.counts(marks),
        attention=attention(marks),
        checklists=() if rubric is None else checklists(marks, rubric),
        spread=figures.spread(rows),
        bars=bars(figures.histogram(rows)),
        open_total=sum(row.open > 0 for row in rows),
        questions=figures.question_figures(rows),
        mistakes=mistakes,
        common=common,
        to_acknowledge=any(item.acknowledged is None for item in common),
        common_percent=round(100 * figures.COMMON_SHARE),
        common_judged=figures.COMMON_JUDGED,
        n=len(rows),
        small_cohort=figures.SMALL_COHORT,
        min_for_discrimination=figures.MIN_FOR_DISCRIMINATION,
        chart_height=CHART_HEIGHT,
        bar_step=BAR_STEP,
        status_words=wording.STATUS_WORDS,
        outcome_words=wording.OUTCOME_WORDS,
        line=one_line,
    )


def attention(marks: RunMarks) -> tuple[Attention, ...]:
    """What needs a person, worst first: our faults, then what could not be read, then open verdicts."""
    found = []
    for row in figures.counting(marks):
        if row.status not in _ATTENTION:
            continue
        checks = [
            check
            for question in row.questions
            for check in question.checks
            if check.mark is None and (check.outcome is Outcome.FAULT or check.uncertain)
        ]
        checks.sort(key=lambda check: check.outcome is not Outcome.FAULT)
        notes = row.notes if row.flags else ()
        found.append(
            Attention(
                row=row,
                reason=row.reason,
                checks=tuple(checks[:MAX_REASONS]),
                more=max(0, len(checks) - MAX_REASONS),
                notes=tuple(one_line(note) for note in notes[:MAX_REASONS]),
                more_notes=max(0, len(notes) - MAX_REASONS),
            )
        )
    refused = SubmissionStatus.REFUSED
    return tuple(sorted(found, key=lambda item: (not item.faults, item.row.status is not refused, item.row.student)))


def bars(bins: tuple[int, ...]) -> tuple[Bar, ...]:
    """The histogram as bars that fit the drawing."""
    highest = max(bins, default=0) or 1
    width = 100 // len(bins)
    made = []
    for number, students in enumerate(bins):
        height = round(students / highest * CHART_HEIGHT, 1)
        last = number == len(bins) - 1
        made.append(
            Bar(
                label=f"{number * width}–{100 if last else (number + 1) * width} %",
                students=students,
                x=number * BAR_STEP,
                y=CHART_HEIGHT - height,
                height=height,
            )
        )
    return tuple(made)
