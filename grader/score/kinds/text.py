"""Kind `text`: an answer in prose, which a person marks."""

from __future__ import annotations

from pydantic import field_validator

from grader.records import CellKind, Outcome, Record
from grader.score.answer_text import prose
from grader.score.kinds.answer_place import NOTHING, compiles
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.marks import ZERO


class TextParameters(Record):
    """Where the answer stands, and what a marker looks for."""

    after: str = ""
    """Regular expression of the line below which the answer stands; without one, in the question's own place."""
    before: str = ""
    """Regular expression of the line at which it ends; without one, where the next answer begins."""
    key_points: tuple[str, ...] = ()
    """What a full answer says; for the marker, never for the student."""

    @field_validator("after", "before")
    @classmethod
    def _compiles(cls, value: str) -> str:
        return compiles(value)


@kind("text", parameters=TextParameters)
def judge(context: JudgeContext, parameters: TextParameters) -> Verdict:
    """Finds an answer in prose and leaves its mark to a person.

    Looks at: what the student wrote between `after` and `before`, or, without these, in the question's own place.
    Passes: nothing by itself; an answer that is there waits for a person.
    Does not pass: an empty answer, which has mark 0 at once.
    Limits: if nothing was found, and neither was the heading, a person has to look for the answer.
    """
    notebook, template = context.evidence.notebook, context.student_version
    answer = prose(notebook, template, after=parameters.after, before=parameters.before, question=context.question.id)
    if answer.text:
        return Verdict(outcome=Outcome.MANUAL, mark=None, reason="A person marks this answer.")
    if answer.found or not _has_own_prose(context):
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=NOTHING)
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
