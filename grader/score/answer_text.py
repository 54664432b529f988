"""Finding what a student wrote as an answer: assigned literals, and prose, wherever in the notebook it stands.

Nothing is evaluated: a value is read from the syntax tree, and only if it is a literal.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from grader.coursework import StudentVersion
from grader.records import CellKind, NotebookRecord
from grader.score.locate import Place, locate
from grader.score.locate.own_lines import TEXT_CHARS as TEXT_CHARS
from grader.score.source_text import CELL_CHARS, parsed

Literal = str | int | float | bool | tuple["Literal", ...] | None
_MOST_ITEMS = 100
_LARGEST = 10.0**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """The last literal assigned to a name."""

    value: Literal
    cell: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """What was found of an answer in prose."""

    found: bool
    """False if neither its heading nor anything else of its place is in the notebook."""
    text: str = ""
    """The student's own lines, without the template's; where they stand in several places, those that count."""
    whole: str = ""
    """The lines of all places, for a person."""
    places: tuple[Place, ...] = ()
    """Where `text` stands, and how it was found."""
    passed_over: tuple[Place, ...] = ()
    """Where something else stands that may be meant as the answer, too."""
    said: str = ""
    """A sentence on which of several places counts; empty where there is one."""
    lost: bool = False
    """True if nothing was found, and there is prose that belongs to no question: a person has to look."""


def assigned(notebook: NotebookRecord) -> dict[str, Assigned]:
    """Literals assigned to names at top level; the last one in order wins."""
    return {name: value for name, value in _assignments(notebook).items() if value is not None}


def assigned_all(notebook: NotebookRecord) -> dict[str, tuple[Assigned, ...]]:
    """Every literal that is assigned to a name at top level, in order."""
    found: dict[str, tuple[Assigned, ...]] = {}
    for name, value in _each_assignment(notebook):
        if value is not None:
            found[name] = (*found.get(name, ()), value)[-_MOST_ITEMS:]
    return found


def computed(notebook: NotebookRecord) -> frozenset[str]:
    """Names that at last hold something other than a literal, so that reading the notebook does not tell what."""
    return frozenset(name for name, value in _assignments(notebook).items() if value is None)


def _assignments(notebook: NotebookRecord) -> dict[str, Assigned | None]:
    return dict(_each_assignment(notebook))


def _each_assignment(notebook: NotebookRecord) -> tuple[tuple[str, Assigned | None], ...]:
    """Name and literal of every assignment, in order; None for a value that is computed."""
    known = _ASSIGNMENTS.get(id(notebook))
    if known is None or known[0] is not notebook:
        while len(_ASSIGNMENTS) >= _NOTEBOOKS_KEPT:
            del _ASSIGNMENTS[next(iter(_ASSIGNMENTS))]
        known = _ASSIGNMENTS[id(notebook)] = notebook, tuple(_found_assignments(notebook))
    return known[1]


_NOTEBOOKS_KEPT = 4
_ASSIGNMENTS: dict[int, tuple[NotebookRecord, tuple[tuple[str, Assigned | None], ...]]] = {}
"""Of the notebooks that were last looked at, by identity: every check asks anew for the same few."""


def _found_assignments(notebook: NotebookRecord) -> Iterator[tuple[str, Assigned | None]]:
    for cell in notebook.cells:
        if cell.kind is CellKind.CODE and len(cell.source) <= CELL_CHARS:
            for name, line, value in _assigned_in(cell.source):
                known = value is not _COMPUTED
                yield name, Assigned(value=value, cell=cell.index, line=line) if known else None


_COMPUTED: Any = object()
"""Stands for a value that is no literal."""


@lru_cache(maxsize=512)
def _assigned_in(source: str) -> tuple[tuple[str, int, Any], ...]:
    """Name, line and value of the assignments at top level of a cell; kept, since most cells are the template's."""
    found = []
    for node in parsed(source):
        if isinstance(node, ast.Assign):
            pairs = [pair for target in node.targets for pair in _pairs(target, node.value)]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            pairs = _pairs(node.target, node.value)
        else:
            continue
        for name, value in pairs:
            try:
                found.append((name, node.lineno, literal(value)))
            except ValueError:
                found.append((name, node.lineno, _COMPUTED))
    return tuple(found)


def literal(node: ast.expr) -> Literal:
    """The value of a literal; a bare name is read as its own text, and arithmetic on numbers is carried out.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | bool | None):
        return node.value
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and len(node.elts) <= _MOST_ITEMS:
        return tuple(literal(item) for item in node.elts)
    return _number(node, depth=20)


def prose(
    notebook: NotebookRecord, template: StudentVersion, *, after: str = "", before: str = "", question: str = ""
) -> Prose:
    """What the student wrote as the answer to a question, wherever it stands, without the template's lines.

    Markdown is taken whole. Of code, a cell in which the answer begins is taken whole, too, since answers are typed
    there without a comment sign; of others only comments, texts and words.

    Args:
        notebook: the hand-in.
        template: the student version, with what the rubric asks.
        after: regular expression of the line of the student version below which the answer stands; without one it
            stands in the question's own place.
        before: of the line at which it ends; without one, where the next answer begins.
        question: its id; not needed where `after` is given.
    """
    located = locate(notebook, template, after, before)
    target = located.outline.target_of(question, after, before)
    if target is None:
        return Prose(found=False)
    reading = located.reading(target)
    return Prose(
        found=reading.found,
        text=reading.text,
        whole=reading.whole,
        places=reading.counting,
        passed_over=reading.passed_over,
        said=reading.said,
        lost=not reading.found and located.unowned,
    )


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        if len(target.elts) == len(value.elts):
            return [pair for one, other in zip(target.elts, value.elts, strict=True) for pair in _pairs(one, other)]
        return []
    return []


def _number(node: ast.expr, depth: int) -> int | float:
    """A number made of constants by + - * / and powers; bounded in depth and size."""
    if depth == 0:
        raise ValueError("too deep")
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return _bounded(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _number(node.operand, depth - 1)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return _bounded(_combined(_number(node.left, depth - 1), node.op, _number(node.right, depth - 1)))
    raise ValueError("not a literal")


def _combined(left: int | float, operator: ast.operator, right: int | float) -> int | float:
    if isinstance(operator, ast.Add):
        return left + right
    if isinstance(operator, ast.Sub):
        return left - right
    if isinstance(operator, ast.Mult):
        return left * right
    if isinstance(operator, ast.Div) and right != 0:
        return left / right
    if isinstance(operator, ast.Pow) and abs(left) <= 1_000_000 and right in (0, 1, 2, 3):
        return left**right
    raise ValueError("not arithmetic that is read here")


def _bounded(value: int | float) -> int | float:
    if not abs(value) <= _LARGEST:
        raise ValueError("too large")
    return value
