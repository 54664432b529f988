"""Where a student's derivation stands: in prose, as a text in a variable, or as Python, which is read and never run."""

from __future__ import annotations

import ast
import re

from grader.coursework import StudentVersion, normalise
from grader.records import NotebookRecord
from grader.score.answer_text import prose
from grader.score.derivations.answers import Answer, Stopped, Target, readings
from grader.score.derivations.names import Names
from grader.score.derivations.python_code import python_reading
from grader.score.derivations.tree import Number
from grader.score.kinds.answer_place import AnswerPlace
from grader.score.source_text import statements


def written_derivation(
    place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion, names: Names, target: Target
) -> list[Answer] | Stopped | None:
    """The readings of what stands at a place; None if nothing does but what the template has there."""
    if not place.variable:
        written = prose(notebook, template, after=place.after, before=place.before).text
        return readings(written, names, target) if written else None
    node, given = written_node(notebook, place.variable), written_node(template.notebook, place.variable)
    if node is None or (given is not None and normalise(ast.unparse(given)) == normalise(ast.unparse(node))):
        return None
    text = node.value.value if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) else None
    if isinstance(text, str):
        return readings(text, names, target) if re.search(r"\w", text) else None
    found = python_reading([one.node for one in statements(notebook)], place.variable, names)
    if isinstance(found, Answer):
        return None if isinstance(found.steps[-1].tree, Number) else [found]
    return found


def written_node(notebook: NotebookRecord, variable: str) -> ast.Assign | ast.FunctionDef | None:
    """The last assignment to a name, or the last function of that name."""
    found: ast.Assign | ast.FunctionDef | None = None
    for statement in statements(notebook):
        node = statement.node
        if (isinstance(node, ast.FunctionDef) and node.name == variable) or (
            isinstance(node, ast.Assign) and variable in [getattr(one, "id", "") for one in node.targets]
        ):
            found = node
    return found
