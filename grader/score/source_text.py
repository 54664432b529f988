"""Reading a notebook's source without running it: cells with magics, cells that do not parse, hostile ones."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from grader.records import CellKind, NotebookRecord

CELL_CHARS = 200_000
"""Longer cells are left out: nobody writes them by hand."""
_OPENING = re.compile(r"(?:async\s+def|def|class)\s+(?P<defined>[\w.]+)|(?P<assigned>[\w.]+)\s*(?::[^=\n]*)?=(?!=)")
_MAGIC = re.compile(r"^(\s*)([%!?].*|\w+\s*=\s*[%!].*)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A top-level statement that parses; its line numbers are those of the cell."""

    cell: int
    node: ast.stmt


def statements(notebook: NotebookRecord) -> Iterator[Statement]:
    """Every top-level statement that parses, in order; what does not is passed over."""
    for cell in notebook.cells:
        if cell.kind is CellKind.CODE and len(cell.source) <= CELL_CHARS:
            for node in parsed(cell.source):
                yield Statement(cell=cell.index, node=node)


@lru_cache(maxsize=512)
def parsed(source: str) -> tuple[ast.stmt, ...]:
    """The statements of a cell; if it does not parse as a whole, those of its parts that do. Do not change them."""
    lines = [_MAGIC.sub(r"\1pass", line) for line in source.split("\n")]
    whole = _parse("\n".join(lines))
    if whole is not None:
        return tuple(whole)
    found = []
    for start, chunk in _chunks(lines):
        for node in _parse("\n".join(chunk)) or ():
            found.append(ast.increment_lineno(node, start))
    return tuple(found)


def segments(notebook: NotebookRecord, name: str) -> list[tuple[int, int, str]]:
    """Where the notebook writes `name` at top level, parsing or not: (cell, first line from 1, text)."""
    return [
        (cell.index, start, text)
        for cell in notebook.cells
        if cell.kind is CellKind.CODE and len(cell.source) <= CELL_CHARS
        for start, text, names in _pieces(cell.source)
        if name in names
    ]


def names_written(source: str) -> list[tuple[int, frozenset[str]]]:
    """What a cell's top-level pieces define or assign, parsing or not: first line from 1, names."""
    return [(start, names) for start, _, names in _pieces(source)] if len(source) <= CELL_CHARS else []


@lru_cache(maxsize=1024)
def _pieces(source: str) -> tuple[tuple[int, str, frozenset[str]], ...]:
    """The top-level pieces of a cell: first line from 1, text, and the names that it defines or assigns."""
    found = []
    for start, chunk in _chunks(source.split("\n")):
        openings = [_OPENING.match(line) for line in chunk if line[:1].strip()]
        names = frozenset(opening["defined"] or opening["assigned"] for opening in openings if opening)
        found.append((start + 1, "\n".join(chunk), names))
    return tuple(found)


def _parse(source: str) -> list[ast.stmt] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a student's invalid escape is no news of ours
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _chunks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Top-level pieces: a line without indent that is no comment opens one, unless it continues the one before."""
    start, chunk = 0, list[str]()
    decorated = False
    for number, line in enumerate(lines):
        opens = bool(line[:1].strip()) and line[0] not in "#)]}" and not re.match(r"(else|elif|except|finally)\b", line)
        if opens and chunk and not decorated:
            yield start, chunk
            start, chunk = number, []
        if opens:
            decorated = line.startswith("@")
        chunk.append(line)
    if chunk:
        yield start, chunk
