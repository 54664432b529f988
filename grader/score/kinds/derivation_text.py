"""Where a student's derivation stands: in prose, as a text in a variable, or as Python, which is read and never run."""

from __future__ import annotations

import ast
import re

from grader.coursework import StudentVersion, normalise
from grader.records import NotebookRecord
from grader.score.answer_text import prose
from grader.score.kinds.answer_place import AnswerPlace
from grader.score.source_text import statements


def written_derivation(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion) -> str | None:
    """The text that stands at a place; None if nothing does but what the template has there."""
    if not place.variable:
        return prose(notebook, template, after=place.after, before=place.before).text or None
    text = assigned_text(notebook, place.variable)
    given = assigned_text(template.notebook, place.variable)
    if text is None or not re.search(r"\w", text):
        return None
    return None if given is not None and normalise(given) == normalise(text) else text


def assigned_text(notebook: NotebookRecord, variable: str) -> str | None:
    """The last text that is assigned to a name."""
    found: str | None = None
    for statement in statements(notebook):
        node = statement.node
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Constant):
            continue
        if any(isinstance(one, ast.Name) and one.id == variable for one in node.targets):
            found = str(node.value.value) if isinstance(node.value.value, str) else None
    return found
