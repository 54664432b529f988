"""Where tables stand in a hand-in: in markdown, in what cells printed, in comments, and as literals in code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from grader.records import CellKind, cell_name
from grader.score.kinds.answer_region import Piece
from grader.score.kinds.table_grids import MOST_COLUMNS, MOST_ROWS, Grid, grids_in
from grader.score.source_text import CELL_CHARS, parsed

MOST_GRIDS = 60
_MOST_NODES = 20_000


def grids_of(pieces: tuple[Piece, ...]) -> list[Grid]:
    """All tables of some cells, in order, within bounds."""
    found: list[Grid] = []
    for piece in pieces:
        name = cell_name(piece.cell.index)
        found += grids_in(piece.prose, name)
        for text in piece.outputs:
            found += grids_in(text, f"output of {name}")
        if piece.cell.kind is CellKind.CODE and len(piece.source) <= CELL_CHARS:
            found += _literals(piece.source, name)
        if len(found) >= MOST_GRIDS:
            break
    return found[:MOST_GRIDS]


def _literals(source: str, place: str) -> Iterator[Grid]:
    """Dictionaries and lists of numbers in code; a table is read from the syntax tree, nothing is run."""
    left = _MOST_NODES
    for statement in parsed(source):
        waiting: list[ast.AST] = [statement]
        while waiting and left > 0:
            node = waiting.pop()
            left -= 1
            rows = _rows(node)
            if rows:
                yield Grid(rows=tuple(map(tuple, rows)), place=place)
            else:
                waiting.extend(ast.iter_child_nodes(node))


def _rows(node: ast.AST) -> list[list[str]]:
    """The rows of a literal that looks like a table, with headings; nothing if it does not."""
    if isinstance(node, ast.Call):
        return _frame(node)
    if isinstance(node, ast.Dict):
        return _dictionary(node, [])
    if isinstance(node, ast.List | ast.Tuple) and node.elts and all(isinstance(one, ast.Dict) for one in node.elts):
        return _records([one for one in node.elts if isinstance(one, ast.Dict)])
    return []


def _frame(node: ast.Call) -> list[list[str]]:
    """`DataFrame(data, index=..., columns=...)` and what is called like it."""
    given = {keyword.arg: _texts(keyword.value) for keyword in node.keywords if keyword.arg in ("index", "columns")}
    if not node.args:
        return []
    data, index = node.args[0], given.get("index", [])
    if isinstance(data, ast.Dict):
        return _dictionary(data, index)
    columns = given.get("columns", [])
    if not columns or not isinstance(data, ast.List | ast.Tuple):
        return []
    rows = [_texts(one) for one in data.elts[:MOST_ROWS]]
    if index:
        rows = [[label, *row] for label, row in zip(index, rows, strict=False)]
    return [["", *columns] if index else columns, *rows]


def _dictionary(node: ast.Dict, index: list[str]) -> list[list[str]]:
    """A dictionary of dictionaries (rows, say), or of lists (columns, say): whichever way round, names decide later."""
    names = [_text(key) for key in node.keys[:MOST_ROWS]]
    values = node.values[:MOST_ROWS]
    if values and all(isinstance(value, ast.Dict) for value in values):
        return _records([value for value in values if isinstance(value, ast.Dict)], names)
    lists = [_texts(value) for value in values]
    if not lists or not all(lists):
        return []
    return [*([["", *index]] if index else []), *([name, *row] for name, row in zip(names, lists, strict=True))]


def _records(rows: list[ast.Dict], names: list[str] | None = None) -> list[list[str]]:
    read = [
        {_text(key): _text(value) for key, value in zip(row.keys[:MOST_COLUMNS], row.values, strict=False)}
        for row in rows[:MOST_ROWS]
    ]
    columns = list(dict.fromkeys(name for row in read for name in row))[:MOST_COLUMNS]
    if not any(any(row.values()) for row in read):
        return []
    labels = names if names is not None else [""] * len(read)
    filled = ([row.get(name, "") for name in columns] for row in read)
    return [["", *columns], *([label, *row] for label, row in zip(labels, filled, strict=False))]


def _texts(node: ast.AST) -> list[str]:
    """The items of a list as text; nothing if one of them is neither text nor a number."""
    if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
        return []
    texts = [_text(one) for one in node.elts[:MOST_COLUMNS]]
    return texts if all(texts) else []


def _text(node: ast.AST | None) -> str:
    """A text or number as text; empty for anything else."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _text(node.operand)
        return f"-{inner}" if inner else ""
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str | int | float)
        and not isinstance(node.value, bool)
    ):
        try:
            return str(node.value)[:200]
        except ValueError:  # an integer with more digits than Python prints
            return ""
    return ""
