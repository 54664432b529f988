"""Finding what a student wrote as an answer: assigned literals, and prose between two lines of the template.

Nothing is evaluated: a value is read from the syntax tree, and only if it is a literal.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from grader.coursework import StudentVersion, normalise_text
from grader.records import CellKind, NotebookRecord
from grader.score.source_text import CELL_CHARS, parsed

Literal = str | int | float | bool | tuple["Literal", ...] | None
_MOST_ITEMS = 100
TEXT_CHARS = 20_000
"""Of an answer in prose; the rest is cut."""
_LARGEST = 10.0**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """The last literal assigned to a name."""

    value: Literal
    cell: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """What was found between the lines that fence an answer."""

    found: bool
    """False if the opening line is not in the notebook."""
    text: str = ""
    """The student's own lines, without the template's."""


def assigned(notebook: NotebookRecord) -> dict[str, Assigned]:
    """Literals assigned to names at top level; the last one in order wins."""
    return {name: value for name, value in _assignments(notebook).items() if value is not None}


def computed(notebook: NotebookRecord) -> frozenset[str]:
    """Names that at last hold something other than a literal, so that reading the notebook does not tell what."""
    return frozenset(name for name, value in _assignments(notebook).items() if value is None)


def _assignments(notebook: NotebookRecord) -> dict[str, Assigned | None]:
    found: dict[str, Assigned | None] = {}
    for cell in notebook.cells:
        if cell.kind is CellKind.CODE and len(cell.source) <= CELL_CHARS:
            for name, line, value in _assigned_in(cell.source):
                known = value is not _COMPUTED
                found[name] = Assigned(value=value, cell=cell.index, line=line) if known else None
    return found


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


def prose(notebook: NotebookRecord, template: StudentVersion, *, after: str, before: str = "") -> Prose:
    """The student's lines between the one that matches `after` and the one that matches `before`.

    Markdown is taken whole. Of code cells, the one in which the answer begins is taken whole, too, since answers are
    typed there without a comment sign; of others only comments and texts.
    """
    opening, closing = re.compile(after), re.compile(before) if before else None
    given = _given(template)
    inside, kept, length = False, list[str](), 0
    for cell in notebook.cells:
        began_here = False
        for line in cell.source.split("\n"):
            if not inside:
                if opening.search(line[:2_000]):
                    inside = began_here = True
                continue
            if closing is not None and closing.search(line[:2_000]):
                return Prose(found=True, text=_joined(kept))
            own = _line_key(line) not in given
            written = cell.kind is not CellKind.CODE or began_here or line.lstrip().startswith(("#", "'", '"'))
            if own and written and length < TEXT_CHARS:
                kept.append(line)
                length += len(line) + 1
    return Prose(found=inside, text=_joined(kept))


_GIVEN: WeakKeyDictionary[StudentVersion, frozenset[str]] = WeakKeyDictionary()


def _given(template: StudentVersion) -> frozenset[str]:
    """The template's lines; worked out once for a template."""
    if template not in _GIVEN:
        lines = (line for cell in template.notebook.cells for line in cell.source.split("\n"))
        _GIVEN[template] = frozenset(_line_key(line) for line in lines)
    return _GIVEN[template]


def _line_key(line: str) -> str:
    return normalise_text(line.strip().strip("#*_- \t"))


def _joined(lines: list[str]) -> str:
    text = "\n".join(lines)[:TEXT_CHARS].strip()
    return text if re.search(r"\w", text) else ""


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
