"""The answers in prose, as text for those who mark them and for the pages."""

from __future__ import annotations

from grader.coursework import StudentVersion
from grader.records import NotebookRecord
from grader.rubric import Rubric
from grader.score.answer_text import TEXT_CHARS
from grader.score.kinds import kind_of
from grader.score.kinds.text import TextParameters, answer_of


def answer_texts(notebook: NotebookRecord, rubric: Rubric, template: StudentVersion) -> dict[str, str]:
    """Check id -> the student's own lines, for each check of kind `text` that has any.

    Raises:
        RubricError: if a kind's parameters are wrong.
    """
    found = {}
    for question in rubric.questions:
        for check in question.checks:
            _, parameters = kind_of(check, rubric)
            if isinstance(parameters, TextParameters):
                answer = answer_of(parameters, notebook, template)
                if answer:
                    found[f"{question.id}/{check.id}"] = answer[:TEXT_CHARS]
    return found
