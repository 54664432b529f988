"""Text out of bytes of any encoding that an editor may have chosen."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", ""),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A file's text and what was odd about its encoding."""

    text: str
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """The text; every sequence of bytes has one, so this never fails."""
    for mark, encoding, called in _MARKS:
        if data.startswith(mark):
            notes = (f"The file is saved as {called}; it was read as such.",) if called else ()
            return Decoded(text=data[len(mark) :].decode(encoding, errors="replace"), notes=notes)
    wide = _wide_encoding(data[:400])
    if wide:
        note = "The file is saved as UTF-16 without a mark; it was read as such."
        return Decoded(text=data.decode(wide, errors="replace"), notes=(note,))
    try:
        return Decoded(text=data.decode("utf-8"))
    except UnicodeDecodeError as error:
        note = f"The file is not UTF-8 (byte {error.start:,}); it was read as Latin-1 (Windows)."
        # The five bytes that Windows leaves undefined have a meaning in Latin-1, if no visible one.
        return Decoded(text=data.decode("cp1252", errors="replace"), notes=(note,))


def _wide_encoding(start: bytes) -> str | None:
    """UTF-16 shows in plain text by a zero in every other byte."""
    half = len(start) // 2
    if half < 2:
        return None
    if start[0::2].count(0) > 0.8 * half and start[1::2].count(0) == 0:
        return "utf-16-be"
    if start[1::2].count(0) > 0.8 * half and start[0::2].count(0) == 0:
        return "utf-16-le"
    return None


def well_formed(text: str) -> str:
    """The text with halves of characters joined, or replaced where the other half is missing."""
    if _SURROGATES.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def unix_lines(text: str) -> str:
    """The text with line ends as Python knows them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
