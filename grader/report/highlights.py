"""The three lines at the top of a page: derived from the marks, left out when there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.records import Mark, Outcome
from grader.report.plain_text import marks_text
from grader.report.question_view import QuestionView
from grader.report.wording import listed

MAX_NAMED = 3
_NOT_THE_STUDENTS = (Outcome.BLOCKED, Outcome.FAULT, Outcome.MANUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlights:
    """Each line is empty when there is nothing true to put there."""

    went_well: str
    worth_most: str
    worth_most_question: str
    """Identifier of the question that `worth_most` is about."""
    do_next: str


def highlights(questions: Sequence[QuestionView]) -> Highlights:
    """What went well, the change worth most marks, and what to do next."""
    worst = _worst(questions)
    return Highlights(
        went_well=_went_well(questions),
        worth_most=_worth_most(worst) if worst is not None else "",
        worth_most_question=worst.id if worst is not None else "",
        do_next=worst.next_step if worst is not None else "",
    )


def _went_well(questions: Sequence[QuestionView]) -> str:
    full = [question for question in questions if question.max and question.mark == question.max]
    decided = [question for question in questions if question.max and not question.open]
    if not full:
        return ""
    if len(full) == len(decided) and len(full) > MAX_NAMED:
        return "Full marks in every question that is decided."
    names = [_name(question) for question in full]
    if len(names) > MAX_NAMED + 1:
        more = len(names) - MAX_NAMED
        return f"Full marks in {', '.join(names[:MAX_NAMED])} and {more} more questions."
    return f"Full marks in {listed(names)}."


def _worst(questions: Sequence[QuestionView]) -> QuestionView | None:
    """The question that lost most by its own fault: what another question blocks is not the thing to change."""
    own = [question for question in questions if _own_loss(question)]
    return max(own, key=_own_loss) if own else None


def _own_loss(question: QuestionView) -> Mark:
    blocked = sum(
        (check.max - (check.mark or 0) for check in question.checks if check.outcome is Outcome.BLOCKED),
        question.max * 0,
    )
    if question.outcome in _NOT_THE_STUDENTS:
        return question.max * 0
    return question.max - question.mark - question.open - blocked


def _worth_most(question: QuestionView) -> str:
    named = next((m.title for m in question.mistakes if m.title and m.charged and not m.accepted), "")
    what = f"{_name(question)}: {named}" if named else _name(question)
    return f"{what}, {marks_text(_own_loss(question))}."


def _name(question: QuestionView) -> str:
    return f"{question.id} ({question.title})"  # an id may be a word that would read as part of the title
