"""The lines that a student wrote in a part of a cell: without the student version's, and of code only what is prose."""

from __future__ import annotations

import re

from grader.records import CellKind, NotebookCell
from grader.score.locate.outline import Outline, line_key

TEXT_CHARS = 20_000
"""Of an answer in prose; the rest is cut."""
_QUOTED = re.compile(r"[rRuUfFbB]{0,2}(\"{3}|'{3})")
_PRINTED = re.compile(r"print\s*\(\s*[rRuU]?[\"'][^{%]*$")
"""A text that is printed as it stands, at the left edge; what has values in it is the output of a program."""
_CODE = re.compile(
    r"\s*(?:import|from|for|if|elif|else|def|class|return|with|while|try|except|print|raise|yield|assert|[%!@])\b|[=\[\]{}]|\w\("
)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_FEWEST_WORDS = 4


def own_text(cell: NotebookCell, first: int, last: int, outline: Outline, *, whole: bool = False) -> str:
    """The student's own lines between two lines of a cell, from 1.

    Args:
        cell: of the hand-in.
        first: the first line that is looked at.
        last: the last one.
        outline: of the student version, whose lines are left out.
        whole: True to take code as it stands, since an answer was begun in it without a comment sign.
    """
    if cell.source in outline.sources:
        return ""
    lines = cell.source.split("\n")[first - 1 : last]
    code = cell.kind is CellKind.CODE
    kept, length, quote = list[str](), 0, ""
    for line in lines:
        written = not code or whole or bool(quote) or _is_prose(line)
        if code and not whole:
            quote = _quote_after(line, quote)
        if written and line_key(line) not in outline.given and length < TEXT_CHARS:
            kept.append(line)
            length += len(line) + 1
        elif written and not line.strip() and kept:
            kept.append("")
    text = "\n".join(kept)[:TEXT_CHARS].strip()
    return text if re.search(r"\w", text) else ""


def _is_prose(line: str) -> bool:
    """True for a comment, a text, a printed text, or words that are no code."""
    if line.lstrip().startswith(("#", "'", '"')) or _QUOTED.match(line):
        return True
    words = len(_WORDS.findall(line[:2_000]))
    return words >= _FEWEST_WORDS and (_PRINTED.match(line) is not None or _CODE.search(line) is None)


def _quote_after(line: str, quote: str) -> str:
    """The sign that a text at the left edge, which goes over several lines, still waits for."""
    if quote:
        return "" if quote in line else quote
    opened = _QUOTED.match(line)
    if opened is None:
        return ""
    return "" if opened[1] in line[opened.end() :] else opened[1]
