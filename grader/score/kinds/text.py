"""Kind `text`: an answer in prose, which a person marks."""

from __future__ import annotations

import re

from pydantic import Field

from grader.coursework import StudentVersion
from grader.records import CellKind, NotebookRecord, Outcome
from grader.score.kinds.answer_place import NOTHING, AnswerPlace, computed_at, prose_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.identification import left_to_a_person
from grader.score.kinds.without_key import MayLackKey, kept, require_no_marks
from grader.score.marks import ZERO


class TextParameters(AnswerPlace, MayLackKey):
    """Where the answer stands, and what a marker looks for."""

    key_points: tuple[str, ...] = ()
    """What a full answer says; for the marker, never for the student."""
    words: tuple[int, int] | None = None
    """Fewest and most words that were asked for; another number is said, and changes no mark."""
    fewest_words: int = Field(default=1, ge=1)
    """An answer of fewer words is none."""


@kind("text", parameters=TextParameters, probes=require_no_marks, by_hand=lambda parameters: True)
def judge(context: JudgeContext, parameters: TextParameters) -> Verdict:
    """Finds an answer in prose and leaves its mark to a person.

    Looks at: what the student wrote between `after` and `before`, without the lines that the template has; without
        these, in the question's own place; or the text that is assigned to `variable`.
    Passes: nothing by itself; an answer that is there waits for a person, who finds its `key_points` on the summary.
    Does not pass: an empty answer, which has mark 0 at once.
    Limits: if nothing was found, and neither was the heading, a person has to look for the answer.
    """
    notebook, template = context.evidence.notebook, context.student_version
    unread = computed_at(parameters, notebook, template)
    text = answer_of(parameters, notebook, template, context.question.id)
    if parameters.key is not None:
        return kept(context, text or unread or None)
    if unread:
        return left_to_a_person(unread)
    if text:
        said = f"A person marks this answer ({_counted(text)}{_asked(text, parameters)})."
        return Verdict(outcome=Outcome.MANUAL, mark=None, reason=said)
    if parameters.variable or _is_there(context, parameters) or not _has_own_prose(context):
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason=NOTHING)
    return Verdict(
        outcome=Outcome.MANUAL,
        mark=None,
        reason="The heading of this question is not in your notebook; a person will look for your answer.",
    )


def answer_of(parameters: TextParameters, notebook: NotebookRecord, template: StudentVersion, question: str) -> str:
    """The student's own words, from all places; empty if there are none, or fewer than make an answer."""
    if not parameters.variable:
        found = prose_at(parameters, notebook, template, question)
        return found.whole if _words(found.text) >= parameters.fewest_words else ""
    written = written_at(parameters, notebook, template)
    text = "\n".join(map(str, written)) if isinstance(written, tuple) else "" if written is None else str(written)
    return text if _words(text) >= parameters.fewest_words else ""


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))


def _counted(text: str) -> str:
    count = _words(text)
    return "1 word" if count == 1 else f"{count:,} words"


def _asked(text: str, parameters: TextParameters) -> str:
    if parameters.words is None or parameters.words[0] <= _words(text) <= parameters.words[1]:
        return ""
    return f"; {parameters.words[0]} to {parameters.words[1]} were asked for"


def _is_there(context: JudgeContext, parameters: TextParameters) -> bool:
    """True if the line below which the answer stands is in the notebook."""
    notebook, template = context.evidence.notebook, context.student_version
    return prose_at(parameters, notebook, template, context.question.id).found


def _has_own_prose(context: JudgeContext) -> bool:
    """True if any markdown cell differs from the template's."""
    template = context.student_version
    return any(
        cell.kind is CellKind.MARKDOWN and cell.source.strip() and not template.has_cell(cell.source)
        for cell in context.evidence.notebook.cells
    )
