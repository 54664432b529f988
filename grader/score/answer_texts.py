"""The answers in prose, as text for those who mark them and for the pages."""

from __future__ import annotations

from grader.coursework import StudentVersion
from grader.records import NotebookRecord
from grader.rubric import Rubric
from grader.score.answer_text import TEXT_CHARS
from grader.score.kinds import kind_of, takes
from grader.score.kinds.text import TextParameters, answer_of


def answer_texts(notebook: NotebookRecord, rubric: Rubric, template: StudentVersion) -> dict[str, str]:
    """Check id -> the student's own lines, for each check of kind `text` that has any.

    Raises:
        RubricError: if the parameters of such a kind are wrong.
    """
    found = {}
    for question in rubric.questions:
        for check in question.checks:
            if not takes(check, TextParameters):
                continue  # parameters of derivations take long to validate
            _, parameters = kind_of(check, rubric)
            answer = answer_of(parameters, notebook, template, question.id)
            if answer:
                found[f"{question.id}/{check.id}"] = answer[:TEXT_CHARS]
    return found
