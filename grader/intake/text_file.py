"""Reads a text, as an exercise sheet may be answered in one, as a notebook of texts: a cell for each heading."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.errors import NotebookFormatError
from grader.intake.decoding import decode, unix_lines
from grader.intake.entries import shown, size_text
from grader.limits import IntakeLimits
from grader.records import CellKind, NotebookCell, NotebookRecord

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+\S")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_LINES = 200_000
_MOST_CONTROL = 0.01
"""Share of characters that no editor writes, beyond which a file is no text."""
_AGAIN = "Save your answers as plain text or Markdown in UTF-8, or hand in the notebook."


def read_texts(data: bytes, *, source_name: str, limits: IntakeLimits) -> NotebookRecord:
    """The text in the bytes of a .md or .txt file as a notebook.

    Args:
        data: the file's bytes, in whatever encoding.
        source_name: path inside the hand-in, for the record.
        limits: ceilings for size, cells and characters.

    Raises:
        NotebookFormatError: it is no text, or a ceiling is exceeded.
    """
    if len(data) > limits.notebook_bytes:
        raise NotebookFormatError(
            "text-too-large", f"The text is larger than {size_text(limits.notebook_bytes)}.", next_step=_AGAIN
        )
    decoded = decode(data)
    text = unix_lines(decoded.text)
    if len(_CONTROL.findall(text)) > _MOST_CONTROL * len(text):
        raise NotebookFormatError("text-not-text", "The file is called a text, but it holds none.", next_step=_AGAIN)
    if text.count("\n") > _MOST_LINES:
        raise _too_long(limits)
    parts = [part for part in _parts(text) if part.strip()]
    if len(parts) > limits.cells or any(len(part) > limits.cell_chars for part in parts):
        raise _too_long(limits)
    cells = tuple(
        NotebookCell(index=index, kind=CellKind.MARKDOWN, source=part.strip("\n")) for index, part in enumerate(parts)
    )
    notes = (
        *decoded.notes,
        "This is a text, not a notebook; each heading with what stands below it was read as a cell.",
    )
    return NotebookRecord(source_name=shown(source_name), format="text", cells=cells, notes=notes)


def _parts(text: str) -> Iterator[str]:
    """What stands above the first heading, and each heading with what stands below it; none within fences of code."""
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark is not None and (not fence or (mark[1][0] == fence[0] and len(mark[1]) >= len(fence))):
            fence = "" if fence else mark[1]
        elif not fence and _HEADING.match(line):
            yield "\n".join(kept)
            kept = []
        kept.append(line)
    yield "\n".join(kept)


def _too_long(limits: IntakeLimits) -> NotebookFormatError:
    return NotebookFormatError(
        "text-too-long",
        f"The text has more than {_MOST_LINES:,} lines, {limits.cells:,} headings or {limits.cell_chars:,} characters "
        "below one of them.",
        next_step="Hand in your answers alone.",
    )
