"""Where a student's formula stands: assigned to a variable, as text or as Python, or among the words of an answer.

The text is read and never run. A chain such as `N = 4(nd + n^2 + n) = 4n(n + d + 1)` is one formula if its links agree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.coursework import StudentVersion, normalise
from grader.records import NotebookRecord
from grader.score.answer_text import prose
from grader.score.kinds.answer_place import AnswerPlace
from grader.score.kinds.formula_grammar import read_formula
from grader.score.kinds.formula_tokens import FORMULA_CHARS, FormulaError, Symbols
from grader.score.kinds.formula_value import Formula, same
from grader.score.source_text import segments, statements

ANSWER_CHARS = 4_000
MOST_PIECES = 20
SHOWN_CHARS = 24
_SET_APART = re.compile(r"\$\$?([^$]+)\$\$?|`+([^`]+)`+|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*+>#]+\s+|\d+[.)]\s+)?")
_LABEL = re.compile(r"[^\d+\-−–*/^=·×⋅]*[A-Za-z][^\d+\-−–*/^=·×⋅]*")
_LEAD = re.compile(r"^.*(?::|\b(?:is|are|equals|gives|get)\b)", re.IGNORECASE | re.DOTALL)
_LAST_WORD = re.compile(r"[\s,;]+([A-Za-z]{2,})[\s.!,;]*$")
_LAST_WORDS = 12
_END = " \t\r\n.,;:!*_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a student wrote as a formula."""

    readings: tuple[Formula, ...]
    """One, or several where the text can be read in two ways; each counts."""

    @property
    def text(self) -> str:
        """The formula as it was written."""
        return self.readings[0].text


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something is written, and no single formula was read in it."""

    why: str
    """With the place where reading stopped; a sentence."""


def written_formula(
    place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion, symbols: Symbols
) -> Written | Unread | None:
    """What stands at a place; None if nothing does but what the template has there."""
    text = formula_text(place, notebook, template)
    return None if text is None else find_formula(text, symbols)


def formula_text(place: AnswerPlace, notebook: NotebookRecord, template: StudentVersion) -> str | None:
    """The student's text at a place; None if there is none."""
    if not place.variable:
        return prose(notebook, template, after=place.after, before=place.before).text or None
    text = _assigned(notebook, place.variable)
    given = _assigned(template.notebook, place.variable)
    if text is None or not re.search(r"\w", text) or text == "None":
        return None
    return None if given is not None and normalise(given) == normalise(text) else text


def find_formula(text: str, symbols: Symbols) -> Written | Unread:
    """The only formula in a text."""
    found: list[tuple[Formula, ...]] = []
    first_error = ""
    for pieces in (_whole(text), _set_apart(text), _lines(text)):
        for piece in pieces:
            try:
                found.append(_chain(piece, symbols))
            except FormulaError as error:
                first_error = first_error or _stopped(piece, error)
        if found:
            break
    different = _different(found)
    if not different:
        return Unread(why=first_error or "Nothing in it looks like a formula.")
    if len(different) > 1:
        shown = " and ".join(f"`{_shown(readings[0].text)}`" for readings in different[:2])
        return Unread(why=f"It holds several formulas that differ, {shown}.")
    return Written(readings=different[0])


def _assigned(notebook: NotebookRecord, variable: str) -> str | None:
    """The source of the last value that is assigned to a name, without quotes or the head of a lambda."""
    sources = {cell.index: cell.source for cell in notebook.cells}
    found: str | None = None
    for statement in statements(notebook):
        node = statement.node
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None) if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.expr) and any(isinstance(one, ast.Name) and one.id == variable for one in targets):
            found = _source(value, sources[statement.cell])
    if found is not None:
        return found
    unparsed = segments(notebook, variable)
    return unparsed[-1][2].partition("=")[2].strip() if unparsed else None


def _source(node: ast.expr, cell: str) -> str:
    if isinstance(node, ast.Lambda):
        node = node.body
    if isinstance(node, ast.Constant):
        return str(node.value)
    return ast.get_source_segment(cell, node) or ""


def _whole(text: str) -> Iterator[str]:
    if len(text) <= FORMULA_CHARS:
        yield text


def _set_apart(text: str) -> Iterator[str]:
    """What stands between dollar signs or back quotes, or in brackets that LaTeX sets apart."""
    for match in list(_SET_APART.finditer(text[:ANSWER_CHARS]))[:MOST_PIECES]:
        yield next(group for group in match.groups() if group is not None)


def _lines(text: str) -> Iterator[str]:
    """Each line, and what follows a colon or an "is" in it."""
    for line in text[:ANSWER_CHARS].split("\n")[:MOST_PIECES]:
        plain = line[_BULLET.match(line).end() :] if _BULLET.match(line) else line  # type: ignore[union-attr]
        yield plain
        led = _LEAD.match(plain[:FORMULA_CHARS])
        if led is not None:
            yield plain[led.end() :].lstrip(" \t*_")


def _chain(piece: str, symbols: Symbols) -> tuple[Formula, ...]:
    """The formula of a piece; all links of a chain of equations have to agree.

    Raises:
        FormulaError: if a link cannot be read, or two differ.
    """
    if len(piece) > FORMULA_CHARS:
        raise FormulaError("so long a line is not read", 0)
    links = re.split(r"=|\\equiv|≡", _without_last_words(piece, symbols))
    start = 0
    if len(links) > 1 and _LABEL.fullmatch(links[0].strip(" \t\n*_$`#")):
        start = len(links[0]) + 1
        links = links[1:]
    readings: tuple[Formula, ...] = ()
    for link in links:
        try:
            here = read_formula(link.rstrip(_END), symbols)
        except FormulaError as error:
            raise FormulaError(error.why, error.position + start) from error
        if readings:
            here = tuple(one for one in here if any(same(one, other) for other in readings))
            if not here:
                raise FormulaError("the sides of the equation differ", start)
        readings = here
        start += len(link) + 1
    return readings


def _without_last_words(piece: str, symbols: Symbols) -> str:
    """A piece without the words that follow a formula: "... parameters in all"."""
    kept = piece.rstrip(_END)
    for _ in range(_LAST_WORDS):
        match = _LAST_WORD.search(kept)
        if match is None:
            break
        word, position = match.group(1), 0
        while position < len(word) and (known := symbols.at(word, position)) is not None:
            position += len(known[0])
        if position == len(word):
            break
        kept = kept[: match.start()]
    return kept


def _different(found: Iterable[tuple[Formula, ...]]) -> list[tuple[Formula, ...]]:
    """Formulas that differ; numbers count only where nothing else is there."""
    several = list(found)
    general = [readings for readings in several if not readings[0].constant]
    kept: list[tuple[Formula, ...]] = []
    for readings in general or several:
        if not any(same(one, other) for known in kept for one in readings for other in known):
            kept.append(readings)
        if len(kept) > 1:
            break
    return kept


def _stopped(piece: str, error: FormulaError) -> str:
    """Where reading stopped, as a sentence."""
    rest = piece[error.position :].strip()
    before = piece[: error.position].strip()
    if not rest:
        return f"Reading stopped at the end of `{_shown(before)}`: {error.why}."
    return f"Reading stopped at `{_shown(rest)}`: {error.why}."


def _shown(text: str) -> str:
    """One short line without back quotes."""
    line = " ".join(text.replace("`", "").split())
    return line if len(line) <= SHOWN_CHARS else f"{line[:SHOWN_CHARS]} …"
