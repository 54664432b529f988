"""Text of unknown origin made fit for a page, a table or an XML file: what cannot be seen is made visible, and cut."""

from __future__ import annotations

import re
from dataclasses import dataclass

from grader.records import Mark

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
MAX_LINES = 40
MAX_BYTES = 4096
MAX_SENTENCE_BYTES = 1200
_LOOKED_AT = 8
"""Characters that are read for each byte that may be shown: a flood is cut before it costs time, not after."""

# Colours and cursor movements of terminals: CSI sequences, OSC sequences with their end, two-character escapes.
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
# Controls, lone surrogates, marks that reorder or hide text, and what XML 1.0 forbids; tab and line feed stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]|[\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The beginning of a text."""

    text: str
    more: str = ""
    """What was left out, in words; empty when nothing was."""


def visible(text: str) -> str:
    """The text without terminal codes, and with a replacement sign for every character that hides or reorders."""
    lines_ended = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub(REPLACEMENT, _TERMINAL.sub("", lines_ended))


def one_line(text: str, *, max_bytes: int = MAX_SENTENCE_BYTES) -> str:
    """The text in a single line, shortened at the end."""
    head = text[: max_bytes * _LOOKED_AT]
    shown = " ".join(visible(head).split())
    kept = _first_bytes(shown, max_bytes)
    left_out = len(shown) - len(kept) + len(text) - len(head)
    return f"{kept} … ({_counted(left_out, 'more character')})" if left_out else kept


def excerpt(text: str, *, max_lines: int = MAX_LINES, max_bytes: int = MAX_BYTES) -> Excerpt:
    """The beginning of a text, at most so many lines and bytes, with a word on what is missing."""
    head = text[: max_bytes * _LOOKED_AT]
    unread = len(text) - len(head)
    shown = visible(head).strip("\n")
    lines = shown.split("\n")
    some_lines = "\n".join(lines[:max_lines])
    kept = _first_bytes(some_lines, max_bytes)
    more_lines = max(0, len(lines) - max_lines) + text.count("\n", len(head))
    if more_lines and kept == some_lines:
        return Excerpt(text=kept, more=_counted(more_lines, "more line"))
    left_out = len(shown) - len(kept) + unread
    return Excerpt(text=kept, more=_counted(left_out, "more character") if left_out else "")


def mark_text(mark: Mark) -> str:
    """A mark as pages and tables print it: exact, without idle zeros."""
    text = format(mark, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def marks_text(mark: Mark) -> str:
    """The same with its unit: "1 mark", "2.5 marks"."""
    return f"{mark_text(mark)} {'mark' if mark == 1 else 'marks'}"


def _first_bytes(text: str, max_bytes: int) -> str:
    """The longest beginning that has at most so many bytes in UTF-8; no character is cut in two."""
    return text.encode()[:max_bytes].decode(errors="ignore")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
