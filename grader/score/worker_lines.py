"""What a scoring worker left behind: no line of it is believed unread."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from grader.errors import RubricError
from grader.records import CheckMark, Outcome, QuestionMark
from grader.rubric import Question, Rubric
from grader.score.case import FAULT_FLAG, FAULT_REASON
from grader.score.marks import question_mark, rounded
from grader.score.worker_records import LINE, EndLine, ErrorLine, ScoredLine, ScoreItem, StartedLine
from grader.shared_marks import SharedMarks

_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSubmission:
    """What scoring found about one submission."""

    questions: tuple[QuestionMark, ...]
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the student's page about how the notebook was read and run."""
    fault_log: str = ""
    """Tracebacks of ours; for the log, never for a page."""
    nearest: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    """Known formulas by distance, for `grader explain`."""
    missing: tuple[str, ...] = ()
    """Evidence parts without which something could not be decided."""


@dataclass(slots=True, kw_only=True)
class Yield:
    """What one worker left behind."""

    scored: dict[str, ScoredSubmission] = field(default_factory=dict)
    started: bool = False
    ended: bool = False
    ending: str = ""
    """How the process ended, for the log."""


def read_lines(output: Path, keys: set[str], rubric: Rubric, shared: SharedMarks) -> Yield:
    """The lines of a worker, as far as they are whole and valid; their marks are shared with those of others."""
    left = Yield()
    if not output.exists():
        return left
    with output.open("rb") as stream:
        while raw := stream.readline(_LINE_BYTES):
            try:
                line = LINE.validate_json(raw)
            except ValidationError:
                break  # cut off in the middle, or not ours: what follows cannot be trusted either
            if isinstance(line, StartedLine):
                left.started = True
            elif isinstance(line, EndLine):
                left.ended = True
            elif isinstance(line, ErrorLine):
                raise RubricError(line.code, line.what, where=line.where, next_step=line.next_step)
            elif line.key in keys and {question.id for question in line.questions} == _ids(rubric):
                left.scored[line.key] = _scored(line, shared)
    return left


def _ids(rubric: Rubric) -> set[str]:
    return {question.id for question in rubric.questions}


def _scored(line: ScoredLine, shared: SharedMarks) -> ScoredSubmission:
    return ScoredSubmission(
        questions=shared.questions(line.questions),
        flags=line.flags,
        notes=line.notes,
        fault_log=line.faults,
        nearest=line.nearest,
        missing=line.missing,
    )


def lost(rubric: Rubric, item: ScoreItem, ending: str) -> ScoredSubmission:
    """A submission on which scoring itself ended: one fault for each question, and everything open."""
    return ScoredSubmission(
        questions=tuple(_fault(question) for question in rubric.questions),
        flags=(FAULT_FLAG,),
        fault_log=f"{item.key}: the worker ended\n{ending}",
    )


def _fault(question: Question) -> QuestionMark:
    check = CheckMark(
        id=f"{question.id}/scoring",
        mark=None,
        max=rounded(question.marks),
        outcome=Outcome.FAULT,
        reason=FAULT_REASON,
    )
    return question_mark(question, [check])
