"""Kind `text`: an answer in prose, which a person marks."""

from __future__ import annotations

import re

from pydantic import field_validator

from grader.records import CellKind, Outcome, Record
from grader.score.answer_text import prose
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.marks import ZERO


class TextParameters(Record):
    """Where the answer stands, and what a marker looks for."""

    after: str
    """Regular expression of the line below which the answer stands."""
    before: str = ""
    """Regular expression of the line at which it ends; without one, the end of the notebook."""
    key_points: tuple[str, ...] = ()
    """What a full answer says; for the marker, never for the student."""

    @field_validator("after", "before")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value


@kind("text", parameters=TextParameters)
def judge(context: JudgeContext, parameters: TextParameters) -> Verdict:
    """Finds an answer in prose and leaves its mark to a person.

    Looks at: the lines between `after` and `before`, without those that the template has.
    Passes: nothing by itself; an answer that is there waits for a person.
    Does not pass: an empty answer, which has mark 0 at once.
    Limits: if the line of `after` was removed, a person has to look for the answer.
    """
    answer = prose(context.evidence.notebook, context.student_version, after=parameters.after, before=parameters.before)
    if answer.text:
        return Verdict(outcome=Outcome.MANUAL, mark=None, reason="A person marks this answer.")
    if answer.found or not _has_own_prose(context):
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    return Verdict(
        outcome=Outcome.MANUAL,
        mark=None,
        reason="The heading of this question is not in your notebook; a person will look for your answer.",
    )


def _has_own_prose(context: JudgeContext) -> bool:
    """True if any markdown cell differs from the template's."""
    template = context.student_version
    return any(
        cell.kind is CellKind.MARKDOWN and cell.source.strip() and not template.has_cell(cell.source)
        for cell in context.evidence.notebook.cells
    )
