"""Reads a Python script as a notebook: cell marks become cells, a leading docstring becomes text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from grader.errors import NotebookFormatError
from grader.intake.decoding import decode, unix_lines
from grader.intake.entries import shown, size_text
from grader.limits import IntakeLimits
from grader.records import CellKind, NotebookCell, NotebookRecord

_PERCENT = re.compile(r"^# ?%%(?P<title>.*)$")
_EXPORTED = re.compile(r"^# In ?\[[\d *]*\]:[ \t]*$")
_MARKDOWN = re.compile(r"\[(markdown|md)\]", re.I)
_OTHER = re.compile(r"\[raw\]", re.I)
_DOCSTRING = re.compile(
    r"\A(?P<head>(?:[ \t]*+(?:#[^\n]*+)?\n)*+)[rRuU]?(?P<quote>\"{3}|'{3})(?P<text>.*?)(?P=quote)[ \t]*(?:\n|\Z)", re.S
)
_MAX_LINES = 200_000


@dataclass(slots=True)
class _Part:
    kind: CellKind
    lines: list[str] = field(default_factory=list)


def read_script(data: bytes, *, source_name: str, limits: IntakeLimits) -> NotebookRecord:
    """The script in the bytes of a .py file as a notebook.

    Args:
        data: the file's bytes; they need not parse as Python.
        source_name: path inside the hand-in, for the record.
        limits: ceilings for size, cells and characters.

    Raises:
        NotebookFormatError: the script is too large.
    """
    if len(data) > limits.notebook_bytes:
        raise NotebookFormatError(
            "script-too-large",
            f"The script is larger than {size_text(limits.notebook_bytes)}.",
            next_step="Keep data out of the code and hand the script in again.",
        )
    decoded = decode(data)
    text = unix_lines(decoded.text)
    if text.count("\n") > _MAX_LINES:
        raise _too_long(limits)
    marked = any(_mark_of(line) is not None for line in text.split("\n"))
    made = list(_marked_cells(text) if marked else _plain_cells(text))
    if len(made) > limits.cells or any(len(source) > limits.cell_chars for _, source in made):
        raise _too_long(limits)
    cells = tuple(NotebookCell(index=index, kind=kind, source=source) for index, (kind, source) in enumerate(made))
    read_as = "split at its cell marks" if marked else "read as one cell"
    notes = (*decoded.notes, f"This is a Python script, not a notebook; it was {read_as}.")
    return NotebookRecord(source_name=shown(source_name), format="py", cells=cells, notes=notes)


def read_text(data: bytes, *, source_name: str, limits: IntakeLimits) -> NotebookRecord:
    """The Markdown in the bytes of a report as a notebook of one cell.

    Args:
        data: the file's bytes.
        source_name: path inside the hand-in, for the record.
        limits: ceilings for size and characters.

    Raises:
        NotebookFormatError: the text is too large.
    """
    if len(data) > limits.notebook_bytes:
        raise _too_long(limits)
    decoded = decode(data)
    text = unix_lines(decoded.text)
    if len(text) > limits.cell_chars or text.count("\n") > _MAX_LINES:
        raise _too_long(limits)
    cell = NotebookCell(index=0, kind=CellKind.MARKDOWN, source=text)
    return NotebookRecord(source_name=shown(source_name), format="py", cells=(cell,), notes=decoded.notes)


def _too_long(limits: IntakeLimits) -> NotebookFormatError:
    return NotebookFormatError(
        "script-too-long",
        f"The script has more than {_MAX_LINES:,} lines, {limits.cells:,} cells "
        f"or {limits.cell_chars:,} characters in one.",
        next_step="Keep data out of the code and hand the script in again.",
    )


def _mark_of(line: str) -> CellKind | None:
    percent = _PERCENT.match(line)
    if percent is not None:
        if _MARKDOWN.search(percent["title"]):
            return CellKind.MARKDOWN
        return CellKind.OTHER if _OTHER.search(percent["title"]) else CellKind.CODE
    return CellKind.CODE if _EXPORTED.match(line) else None


def _marked_cells(text: str) -> Iterator[tuple[CellKind, str]]:
    parts = [_Part(CellKind.CODE)]
    for line in text.split("\n"):
        kind = _mark_of(line)
        if kind is None:
            parts[-1].lines.append(line)
        else:
            parts.append(_Part(kind))
    for part in parts:
        source = "\n".join(part.lines).strip("\n")
        if part is parts[0]:
            # What stands before the first mark is a docstring, imports, or only a shebang.
            yield from _plain_cells(source)
        elif part.kind is CellKind.MARKDOWN:
            yield CellKind.MARKDOWN, _uncommented(source)
        elif source:
            yield part.kind, source


def _plain_cells(text: str) -> Iterator[tuple[CellKind, str]]:
    docstring = _DOCSTRING.match(text)
    if docstring is not None:
        yield CellKind.MARKDOWN, docstring["text"].strip()
        text = docstring["head"] + text[docstring.end() :]
    code = text.strip("\n")
    if code.strip():
        yield CellKind.CODE, code


def _uncommented(source: str) -> str:
    """The text of a markdown cell, written as comments or as a string."""
    quoted = _DOCSTRING.fullmatch(source)
    if quoted is not None:
        return quoted["text"].strip()
    return "\n".join(re.sub(r"^# ?", "", line) for line in source.split("\n"))
