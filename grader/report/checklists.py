"""What a marker looks for in the answers that wait: the rubric's key points, for the instructor's page alone."""

from __future__ import annotations

from dataclasses import dataclass

from grader.records import Mark, RunMarks, SubmissionMarks
from grader.report.plain_text import one_line
from grader.report.summary_figures import counting
from grader.rubric import Check, Rubric

MOST_STUDENTS = 12
"""Students named for a check; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checklist:
    """A check with answers that wait for a marker."""

    id: str
    """Question and check, as decisions call it."""
    title: str
    max: Mark
    points: tuple[str, ...]
    waiting: tuple[SubmissionMarks, ...]
    """The first of those whose answer waits."""
    more: int
    """How many others wait."""

    @property
    def all(self) -> int:
        """How many answers wait."""
        return len(self.waiting) + self.more


def checklists(marks: RunMarks, rubric: Rubric) -> tuple[Checklist, ...]:
    """The checks with key points for which somebody's answer waits, in the rubric's order."""
    found = []
    for question in rubric.questions:
        for check in question.checks:
            name = f"{question.id}/{check.id}"
            rows = [row for row in counting(marks) if _waits(row, name)]
            if _points(check) and rows:
                found.append(
                    Checklist(
                        id=name,
                        title=one_line(question.title),
                        max=check.marks,
                        points=_points(check),
                        waiting=tuple(rows[:MOST_STUDENTS]),
                        more=max(0, len(rows) - MOST_STUDENTS),
                    )
                )
    return tuple(found)


def _points(check: Check) -> tuple[str, ...]:
    points = check.parameters.get("key_points", ())
    return tuple(one_line(str(point)) for point in points) if isinstance(points, list | tuple) else ()


def _waits(row: SubmissionMarks, name: str) -> bool:
    return any(check.id == name and check.mark is None for question in row.questions for check in question.checks)
