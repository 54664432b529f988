"""A cell's source as statements; of a cell that does not parse, the parts that do."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from .guard import Sources, clean_text
from .notebook_lines import LeaveOut, to_python, without_cell_magic

_CONTINUES = re.compile(r"[\s#)\]}]|(?:else|elif|except|finally)\b")
_MAY_BE_CUT = re.compile(r"\"\"\"|'''|[(\[{]|\\\s*$")
_MERGE_CHUNKS = 30
_PARSES = 1_000
_NOTES = 50


@dataclass
class Reading:
    """What a cell holds."""

    statements: list[ast.stmt] = field(default_factory=list)
    error: dict[str, Any] | None = None
    """JSON of `Raised` if the cell does not parse as a whole."""
    notes: list[str] = field(default_factory=list)


class _UnreadableError(Exception):
    """Text that is no Python."""

    def __init__(self, type_name: str, message: str, line: int | None) -> None:
        super().__init__(message)
        self.type_name = type_name
        self.message = message
        self.line = line


def read_cell(text: str, *, cell: int, sources: Sources) -> Reading:
    """The statements of a cell, with the line numbers of the student's text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    sources.add(cell, text)
    reading = Reading()
    python = without_cell_magic(text, reading.notes)
    if python is None:
        return reading
    try:
        reading.statements, notes = _parse(python)
    except _UnreadableError as error:
        reading.error = {
            "type": error.type_name,
            "message": clean_text(error.message, 500),
            "line": error.line,
            "cell": cell,
            "source": sources.line(cell, error.line),
        }
        reading.statements, notes = _salvage(python)
    reading.notes = (reading.notes + notes)[:_NOTES]
    return reading


def _parse(text: str) -> tuple[list[ast.stmt], list[str]]:
    """Statements and notes.

    Raises:
        _UnreadableError: if the text does not parse, even with notebook commands taken out.
    """
    try:
        try:
            tree = ast.parse(text)
        except SyntaxError:
            tree = ast.parse(to_python(text))
        left_out = LeaveOut(text)
        tree = left_out.visit(tree)
        return tree.body, left_out.notes
    except SyntaxError as error:
        raise _UnreadableError(type(error).__name__, str(error.msg), error.lineno) from None
    except ValueError:  # null bytes before Python 3.12, lone surrogates
        raise _UnreadableError("SyntaxError", "the cell holds characters that Python cannot read", None) from None
    except (RecursionError, MemoryError):
        raise _UnreadableError("SyntaxError", "the cell is nested too deeply", None) from None


def _chunks(text: str) -> list[tuple[int, str]]:
    """The text cut at lines that begin something at the top level; each with the lines before it."""
    cuts: list[int] = []
    decorated = False
    for number, line in enumerate(text.split("\n")):
        if not line or _CONTINUES.match(line):
            continue
        if not decorated:
            cuts.append(number)
        decorated = line.startswith("@")
    lines = text.split("\n")
    ends = [*cuts[1:], len(lines)]
    return [(cut, "\n".join(lines[cut : ends[place]])) for place, cut in enumerate(cuts)]


def _salvage(text: str) -> tuple[list[ast.stmt], list[str]]:
    """What parses of a text that does not; strings and brackets over several chunks are put together again."""
    chunks = _chunks(text)
    statements: list[ast.stmt] = []
    notes: list[str] = []
    budget = _PARSES
    place = 0
    while place < len(chunks) and budget > 0:
        before, joined = chunks[place]
        last = place
        while budget > 0:
            budget -= 1
            try:
                found, said = _parse("\n" * before + joined)
            except _UnreadableError:
                last += 1
                if last >= min(place + _MERGE_CHUNKS, len(chunks)) or not _MAY_BE_CUT.search(chunks[place][1]):
                    last = place
                    break
                joined += "\n" + chunks[last][1]
            else:
                statements += found
                notes += said
                break
        place = last + 1
    return statements, notes
