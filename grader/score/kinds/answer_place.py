"""Where the answer to a choice or a number stands: in a variable, or in prose between two lines."""

from __future__ import annotations

import re
from typing import Any

from pydantic import field_validator, model_validator

from grader.coursework import StudentVersion
from grader.records import NotebookRecord, Record
from grader.score.answer_text import Literal, prose
from grader.score.kinds.identification import computed_answers, written_answers


class AnswerPlace(Record):
    """Where to look; a variable or a line, not both."""

    variable: str = ""
    """Name to which the answer is assigned."""
    after: str = ""
    """Regular expression of the line below which the answer stands."""
    before: str = ""
    """Regular expression of the line at which it ends; without one, the end of the notebook."""

    @field_validator("after", "before")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Any:
        if bool(self.variable) == bool(self.after):
            raise ValueError("give either `variable` or `after`")
        return self


def computed_at(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion) -> tuple[str, ...]:
    """The variable, if its value is computed instead of written down."""
    return computed_answers(notebook, template, (place.variable,)) if place.variable else ()


def written_at(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion) -> Literal:
    """What the student wrote there; None if nothing."""
    if place.variable:
        return written_answers(notebook, template, (place.variable,)).get(place.variable)
    return prose(notebook, template, after=place.after, before=place.before).text or None
