"""Answers to names that no code assigns: "pick = 'b'" in a comment, in a text cell, or under the name in other case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.coursework import StudentVersion
from grader.records import CellKind, NotebookRecord
from grader.score.locate.outline import LINE_CHARS, line_key, outline_of, reads_as_text

_VALUE_CHARS = 200
_MOST_WORDS = 4
"""More are a sentence, in which a person has to find the answer."""
_ENDS = " \t'\"`*_,;.$\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """What stands behind a name outside of running code."""

    text: str
    cell: int
    line: int

    @property
    def plain(self) -> bool:
        """True if it is short enough to be nothing but the answer."""
        return len(self.text.split()) <= _MOST_WORDS


def loosely_written(notebook: NotebookRecord, template: StudentVersion, names: Iterable[str]) -> dict[str, Loose]:
    """The last text behind each name, in lines of the student's own; names that are nowhere are left out.

    Args:
        notebook: the hand-in.
        template: the student version, whose lines do not count.
        names: those that are looked for, in any case.
    """
    wanted = {name.casefold(): name for name in names}
    if not wanted:
        return {}
    listed = "|".join(sorted(map(re.escape, wanted), key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w.])({listed})(?![\w.(\[])[\"'`*]*\s*(?:=(?!=)|:=?|→|->)\s*", re.IGNORECASE)
    given = outline_of(template).given
    found: dict[str, Loose] = {}
    for cell, number, line in _lines(notebook):
        if line_key(line) in given:
            continue
        matches = list(pattern.finditer(line))
        for place, match in enumerate(matches):
            end = matches[place + 1].start() if place + 1 < len(matches) else len(line)
            text = line[match.end() : end][:_VALUE_CHARS].split("#")[0].strip(_ENDS)
            if re.search(r"\w", text):
                found[wanted[match[1].casefold()]] = Loose(text=text, cell=cell, line=number)
    return found


def _lines(notebook: NotebookRecord) -> Iterator[tuple[int, int, str]]:
    """Lines of text, comments and texts in code: cell, number, line."""
    for cell in notebook.cells:
        if cell.kind is CellKind.CODE and "#" not in cell.source and '"' not in cell.source and "'" not in cell.source:
            continue
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if reads_as_text(cell, line):
                yield cell.index, number, line[:LINE_CHARS]
