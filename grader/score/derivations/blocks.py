"""Blocks of matrices: environments that set one, and rows and columns in square brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.score.derivations.brackets import split, split_kind
from grader.score.derivations.signs import Kind, ReadingError, Token
from grader.score.derivations.tree import Cut, Node, Stacked, Symbol, Transposed

if TYPE_CHECKING:
    from grader.score.derivations.reading import Parser


def matrix(parser: Parser) -> Node:
    """Blocks in an environment that sets a matrix."""
    begin = parser.take()
    depth, start = 1, parser.at
    while depth:
        kind = parser.take().kind
        depth += (kind is Kind.BEGIN) - (kind is Kind.END)
    content = parser.tokens[start : parser.at - 1]
    if not begin.text.endswith(("matrix", "array")):
        raise ReadingError(f"{begin.text} is not read there", begin.position)
    rows = [row for row in split_kind(content, Kind.ROW) if row]
    cells = [[parser.inner(cell) for cell in split_kind(row, Kind.COLUMN)] for row in rows]
    if len(cells) == 1:
        return Stacked(tuple(cells[0]), beside=True) if len(cells[0]) > 1 else cells[0][0]
    if any(len(row) != 1 for row in cells):
        raise ReadingError("a matrix of several rows and columns is not read", begin.position)
    return Stacked(tuple(row[0] for row in cells))


def cut(parser: Parser, node: Symbol | Transposed) -> Node | None:
    """Rows and columns in square brackets, `W[:, :n_a]`; None if the brackets hold something else."""
    start = parser.at
    position = parser.take().position
    parts = split(parser.until("["), ",")
    if len(parts) not in (1, 2) or not any(token.sign(":") for part in parts for token in part):
        parser.at = start
        return None
    rows, columns = _bounds(parser, parts[0]), _bounds(parser, parts[1]) if len(parts) == 2 else (None, None)
    return Cut(node, rows, columns, position)


def _bounds(parser: Parser, part: list[Token]) -> tuple[str | None, str | None]:
    ends = split(part, ":")
    if len(ends) != 2:
        raise ReadingError("such a part of a matrix is not read", part[0].position if part else parser.end)
    low, high = ("".join(token.text for token in end if not token.sign("{", "}")) or None for end in ends)
    return low, high
