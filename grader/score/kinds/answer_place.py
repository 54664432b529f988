"""Where the answer to a choice or a number stands: in a variable, below a line, or in the question's own place."""

from __future__ import annotations

import re
from typing import Any

from pydantic import field_validator, model_validator

from grader.coursework import StudentVersion
from grader.records import NotebookRecord, Outcome, Record
from grader.score.answer_text import Literal, Prose, prose
from grader.score.kinds.base import JudgeContext, Verdict
from grader.score.kinds.identification import computed_answers, in_other_words, unclear_answers, written_answers
from grader.score.marks import ZERO

NOTHING = "Nothing was written here."
LOST = "No heading of this question is in your notebook, so a person will look for your answer."
_FINAL = re.compile(
    r"^[\W_]*(?:my\s+|the\s+)?final\s+(?:answer|result|version|formula)\b(?:\s+is\b)?[\s*_]*[:=–—-]?[\s*_]*",
    re.IGNORECASE,
)


class AnswerPlace(Record):
    """Where to look; a variable or a line, not both. With neither, the question's own place in the student version."""

    variable: str = ""
    """Name to which the answer is assigned."""
    after: str = ""
    """Regular expression of the line below which the answer stands."""
    before: str = ""
    """Regular expression of the line at which it ends; without one, where the next answer begins."""

    @field_validator("after", "before")
    @classmethod
    def _compiles(cls, value: str) -> str:
        return compiles(value)

    @model_validator(mode="after")
    def _one_place(self) -> Any:
        if self.variable and self.after:
            raise ValueError("give either `variable` or `after`, or neither")
        return self


def compiles(value: str) -> str:
    """The pattern itself.

    Raises:
        ValueError: if it is no regular expression.
    """
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return value


def prose_at(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion, question: str = "") -> Prose:
    """What stands at a place in prose, by whatever way it was found."""
    return prose(notebook, template, after=place.after, before=place.before, question=question)


def computed_at(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion) -> tuple[str, ...]:
    """The variable, if its value is computed instead of written down."""
    if not place.variable:
        return ()
    return computed_answers(notebook, template, (place.variable,))


def written_at(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion, question: str = "") -> Literal:
    """What the student wrote there; None if nothing. Of prose with a "final answer" in it, that alone.

    Args:
        place: where to look.
        notebook: the hand-in.
        template: the student version.
        question: its id, for a place that names neither a variable nor a line.
    """
    if place.variable:
        return written_answers(notebook, template, (place.variable,)).get(place.variable)
    return final_answer(prose_at(place, notebook, template, question).text) or None


def final_answer(text: str) -> str:
    """What follows the last line that begins with "final answer", else the whole text."""
    lines = text.split("\n")
    for number in range(len(lines) - 1, -1, -1):
        begun = _FINAL.match(lines[number][:200])
        if begun is not None:
            rest = "\n".join([lines[number][begun.end() :], *lines[number + 1 :]]).strip()
            return rest if re.search(r"\w", rest) else text
    return text


def nothing_at(context: JudgeContext, place: AnswerPlace) -> Verdict:
    """The verdict where nothing was found: mark 0, unless the place is lost and prose is left that may be it."""
    notebook, template = context.evidence.notebook, context.student_version
    if place.variable:
        unclear = unclear_answers(notebook, template, (place.variable,))
        return in_other_words(unclear) if unclear else Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=NOTHING)
    if prose_at(place, notebook, template, context.question.id).lost:
        return Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=LOST)
    return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=NOTHING)
