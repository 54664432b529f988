"""Builders of marks, hand-ins and rubrics, so that a test of a view says only what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from grader.records import (
    Adjustment,
    CellKind,
    CheckMark,
    Digests,
    Mark,
    NotebookCell,
    NotebookRecord,
    Outcome,
    QuestionMark,
    RunMarks,
    Submission,
    SubmissionMarks,
    SubmissionStatus,
)
from grader.rubric import Question, Rubric

_UNDECIDED = (Outcome.MANUAL, Outcome.FAULT)
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A named mistake as an oracle would describe it."""

    id: str
    title: str = "gate applied twice"
    formula: str = "y = g * g * x"
    what_you_did: str = "Your code multiplies by the gate twice."
    next_step: str = "Print the gate and the output for one input."
    effect: str = "wrong"


def described(*mistakes: Mistake) -> Any:
    """A `describe` function that knows these mistakes and no other."""
    known = {mistake.id: mistake for mistake in mistakes}
    return known.get


def check_mark(
    identifier: str, mark: str | None = "default", maximum: str = "2", outcome: str = "passed", **rest: Any
) -> CheckMark:
    """A check. Without a mark: the maximum if passed, none if a person has to decide, else 0."""
    state = Outcome(outcome)
    if mark == "default":
        mark = maximum if state is Outcome.PASSED else None if state in _UNDECIDED else "0"
    return CheckMark(
        id=identifier,
        mark=None if mark is None else Decimal(mark).quantize(Decimal("0.01")),
        max=Decimal(maximum).quantize(Decimal("0.01")),
        outcome=state,
        **rest,
    )


def question_mark(identifier: str, *checks: CheckMark, title: str = "") -> QuestionMark:
    """A question whose mark, maximum and outcome follow from its checks."""
    outcomes = {check.outcome for check in checks}
    marks = [check.mark for check in checks]
    return QuestionMark(
        id=identifier,
        title=title or f"Question {identifier}",
        mark=None if None in marks else sum((mark for mark in marks if mark is not None), _ZERO),
        max=sum((check.max for check in checks), _ZERO),
        outcome=outcomes.pop() if len(outcomes) == 1 else Outcome.PARTIAL,
        checks=checks,
    )


def submission_marks(student: str, *questions: QuestionMark, **rest: Any) -> SubmissionMarks:
    """A row whose totals follow from its questions and adjustments."""
    checks = [check for question in questions for check in question.checks]
    adjustments: Sequence[Adjustment] = rest.get("adjustments", ())
    decided = sum((check.mark for check in checks if check.mark is not None), _ZERO)
    waiting: Mark = sum((check.max for check in checks if check.mark is None), _ZERO)
    fields: dict[str, Any] = {
        "student": student,
        "name": student,
        "submission": f"{student}.zip",
        "attempt": 1,
        "status": SubmissionStatus.OPEN if waiting else SubmissionStatus.GRADED,
        "total": max(_ZERO, decided + sum((adjustment.marks for adjustment in adjustments), _ZERO)),
        "open": waiting,
        "max": sum((question.max for question in questions), _ZERO) or Decimal("10.00"),
        "questions": questions,
    }
    return SubmissionMarks.model_validate({**fields, **rest})


def run_marks(*rows: SubmissionMarks, **rest: Any) -> RunMarks:
    """A run."""
    fields: dict[str, Any] = {
        "rubric": "example",
        "title": "Example coursework",
        "digests": Digests(rubric="a" * 64, evidence="b" * 64, oracle="c" * 64, events="d" * 64),
        "isolation": ("bubblewrap",),
        "submissions": rows,
    }
    return RunMarks.model_validate({**fields, **rest})


def hand_in(student: str, **rest: Any) -> Submission:
    """A hand-in with a notebook of one cell, unless `notebook` or `refused` is given."""
    notebook = NotebookRecord(
        source_name="work/answers.ipynb",
        format="ipynb",
        cells=(NotebookCell(index=0, kind=CellKind.CODE, source="x = 1"),),
    )
    fields: dict[str, Any] = {
        "student": student,
        "name": student,
        "submission": f"{student}.zip",
        "key": student,
        "digest": "0123456789abcdef" * 4,
        "notebook": None if "refused" in rest else notebook,
    }
    return Submission.model_validate({**fields, **rest})


def hand_ins(marks: RunMarks) -> dict[tuple[str, int], Submission]:
    """A plain hand-in for every row of a run."""
    return {(row.student, row.attempt): hand_in(row.student, attempt=row.attempt) for row in marks.submissions}


def rubric_for(marks: RunMarks | Sequence[QuestionMark], **rest: Any) -> Rubric:
    """A rubric with the questions of a run; `shows` and `uses` map questions to what they show and use."""
    shows, uses = rest.pop("shows", {}), rest.pop("uses", {})
    found = (
        [question for row in marks.submissions for question in row.questions] if isinstance(marks, RunMarks) else marks
    )
    questions = {
        question.id: Question(
            id=question.id,
            title=question.title,
            marks=question.max,
            show=shows.get(question.id, "gap"),
            uses=tuple(uses.get(question.id, ())),
        )
        for question in found
    } or {"1": Question(id="1", title="One", marks=Decimal(10))}
    fields: dict[str, Any] = {
        "title": "Example coursework",
        "folder": Path("example"),
        "questions": tuple(questions.values()),
    }
    return Rubric.model_validate({**fields, **rest})
