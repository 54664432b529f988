"""What a notebook allows beside Python: magics, shell lines, help. They are left out, and said so."""

from __future__ import annotations

import ast
import re
from typing import Any

from .guard import clean_text

_RUN_THE_BODY = frozenset({"time", "timeit", "capture", "prun", "memit", "heat"})
_CELL_MAGIC = re.compile(r"%%\s*(\w+)")
_LINE_COMMAND = re.compile(r"^(\s*)(?:[%!].*|.*\?\s*)$")
_METHODS = frozenset({"run_line_magic", "run_cell_magic", "magic", "system", "getoutput"})
_NOTE_CHARS = 60
_HOLD_NOTHING = (ast.Name, ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.alias)


def without_cell_magic(text: str, notes: list[str]) -> str | None:
    """The cell without a first `%%` line; None if its body is not Python for this kernel."""
    lines = text.split("\n")
    for position, line in enumerate(lines):
        match = _CELL_MAGIC.match(line.strip())
        if match and match.group(1) in _RUN_THE_BODY:
            notes.append(f"`%%{match.group(1)}` in line {position + 1} was left out; the cell was run without it.")
            lines[position] = ""
        elif match:
            notes.append(f"The cell begins with `%%{clean_text(match.group(1), 20)}` and was left out.")
            return None
        elif line.strip():
            break
    return "\n".join(lines)


def to_python(text: str) -> str:
    """`text` with notebook commands turned into calls, on the same lines."""
    joined = _join_continued(text.split("\n"))
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        return "\n".join(_LINE_COMMAND.sub(r"\1pass", line) for line in joined)
    blank = next((count for count, line in enumerate(joined) if line.strip()), len(joined))
    changed: str = TransformerManager().transform_cell("\n".join(joined))
    return "\n" * blank + changed


def _join_continued(lines: list[str]) -> list[str]:
    """Commands continued by a backslash on one line, followed by empty ones, so that later lines keep their numbers."""
    joined: list[str] = []
    start: int | None = None
    for line in lines:
        if start is not None:
            joined[start] = joined[start][:-1] + line.strip()
            joined.append("")
        else:
            joined.append(line)
            if line.lstrip()[:1] in ("%", "!"):
                start = len(joined) - 1
        if not line.endswith("\\"):
            start = None
    return joined


class LeaveOut(ast.NodeTransformer):
    """Takes the calls that notebook commands turn into out of a tree."""

    def __init__(self, text: str) -> None:
        self.notes: list[str] = []
        self._lines = text.split("\n")

    def visit(self, node: ast.AST) -> Any:
        """As the base does, without looking for methods, and into parts that hold nothing."""
        if isinstance(node, _HOLD_NOTHING):
            return node
        if isinstance(node, ast.Call):
            return self.visit_Call(node)
        return self.visit_Expr(node) if isinstance(node, ast.Expr) else self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> Any:
        if not _is_command(node.value):
            return self.generic_visit(node)
        timed = _timed_statements(node.value, node)
        if timed:
            return timed
        self._note(node)
        return ast.copy_location(ast.Pass(), node)

    def visit_Call(self, node: ast.Call) -> Any:
        if not _is_command(node):
            return self.generic_visit(node)
        self._note(node)
        return ast.copy_location(ast.List(elts=[], ctx=ast.Load()), node)

    def _note(self, node: Any) -> None:
        line = self._lines[node.lineno - 1].strip() if node.lineno <= len(self._lines) else ""
        self.notes.append(
            f"Line {node.lineno}, `{clean_text(line, _NOTE_CHARS)}`, is a notebook command and was left out."
        )


def _is_command(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _METHODS
        and isinstance(node.func.value, ast.Call)
        and isinstance(node.func.value.func, ast.Name)
        and node.func.value.func.id == "get_ipython"
    )


def _timed_statements(node: ast.expr, place: ast.stmt) -> list[ast.stmt]:
    """The statements behind a `%time`; empty for any other command."""
    if not (isinstance(node, ast.Call) and len(node.args) == 2):
        return []
    name, body = node.args
    if not (isinstance(name, ast.Constant) and name.value == "time" and isinstance(body, ast.Constant)):
        return []
    try:
        statements = ast.parse(str(body.value)).body
    except (SyntaxError, ValueError):
        return []
    for statement in statements:
        ast.increment_lineno(statement, place.lineno - 1)
    return statements
