"""What the lines of a hand-in say about whose the lines below are: headings, known lines, lines that end a place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.score.locate.headings import Candidate, Key, candidates_kept, parts_of, shape_of
from grader.score.locate.outline import (
    LINE_CHARS,
    Opener,
    Outline,
    Target,
    is_heading,
    line_key,
    reads_as_text,
    words_of,
)

MOST_LINES = 60_000
"""Lines of a notebook that are looked at; what follows belongs to the last answer above."""
_MOST_RETYPED = 400
"""Lines that are compared with headings that are missing."""
_WORD = re.compile(r"\w+")
_BETWEEN = re.compile(r"[*_]*(?:[.)\]:]+|\s*[:–—](?=\s|\*))?[*_\s]*")
"""Signs between a heading and what follows on its line; a minus or a point there belongs to a number."""
_ALIKE = 0.75
_SHARED = 0.6


class Does(Enum):
    """What a line does."""

    OPENS = "opens"
    """The lines below it are a target's."""
    KNOWN = "known"
    """It is a line of the student version, whose place is known."""
    CLOSES = "closes"
    """It ends the place of the target that it names, or any if it names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line that says something."""

    line: int
    """From 1."""
    does: Does
    target: Target | None
    heading: str = ""
    rest: str = ""
    """What the student wrote on the line of the heading."""
    own_heading: bool = False
    cell: int = -1
    """Position in the student version, for a line of it."""
    weak: bool = False
    """True for a line that only holds the words that a rubric looks for."""


def scan(notebook: NotebookRecord, outline: Outline) -> dict[int, list[Event]]:
    """The events of each cell, by its position, in order; cells without any are left out."""
    scanner = _Scanner(outline)
    found = {cell.index: events for cell in notebook.cells if (events := scanner.cell(cell))}
    opened = {
        event.target for events in found.values() for event in events if event.does is Does.OPENS and not event.weak
    }
    missing = [opener for opener in outline.openers.values() if opener.target not in opened]
    if missing:
        for index, event in _retyped(notebook, outline, missing):
            found.setdefault(index, []).append(event)
            opened.add(event.target)
    return {index: sorted(events, key=lambda one: one.line) for index, events in _settled(found, opened).items()}


def _settled(found: dict[int, list[Event]], opened: set[Target | None]) -> dict[int, list[Event]]:
    """The events without those weak ones that are not needed: the first is, where a target has no heading else."""
    kept: dict[int, list[Event]] = {}
    for index in sorted(found):
        for event in found[index]:
            if event.weak and event.target in opened:
                continue
            if event.does is Does.OPENS:
                opened.add(event.target)
            kept.setdefault(index, []).append(event)
    return kept


class _Scanner:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.vocabulary = frozenset(outline.vocabulary)
        self.group: Key = ()
        self.left = MOST_LINES
        self.beginnings: dict[str, list[str]] = {}
        for key in outline.openers:
            self.beginnings.setdefault(key[:8], []).append(key)
        self.patterns = [(target, one) for target, several in outline.after.items() for one in several]
        self.closing = [(target, one) for target, several in outline.before.items() for one in several]
        self.any = _any_of([one for _, one in (*self.patterns, *self.closing)])

    def cell(self, cell: NotebookCell) -> list[Event]:
        """The events of a cell; those of a cell of the student version are kept for the next hand-in."""
        known = (cell.kind, cell.source)
        if known in self.outline.scanned:
            events, self.group = self.outline.scanned[known]
            return list(events)
        events = list(self._events(cell))
        if cell.source in self.outline.sources:
            self.outline.scanned[known] = (tuple(events), self.group)
        return events

    def _events(self, cell: NotebookCell) -> Iterator[Event]:
        code, begun = cell.kind is CellKind.CODE, False
        fenced = False
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if self.left <= 0:
                return
            self.left -= 1
            if not line.strip():
                continue
            if not code and line.lstrip().startswith(("```", "~~~")):
                fenced = not fenced
            event = self._event(cell, number, line[:LINE_CHARS], first=not begun, plain=fenced)
            begun = True
            if event is not None:
                yield event

    def _event(self, cell: NotebookCell, number: int, line: str, *, first: bool, plain: bool) -> Event | None:
        outline = self.outline
        prose = reads_as_text(cell, line)
        asked = self.any is None or self.any.search(line) is not None
        weak = next((target for target, pattern in self.patterns if pattern.search(line)), None) if asked else None
        if not prose and weak is None:
            return self._closed(number, line) if asked else None
        key = line_key(line)
        opener = outline.openers.get(key)
        if opener is not None:
            self._below(opener.target)
            return Event(line=number, does=Does.OPENS, target=opener.target, heading=line, cell=opener.cell)
        if key in outline.owners:
            return self._known(number, line, *outline.owners[key])
        if ":" in line and (stem := line_key(line[: line.index(":") + 1])) in outline.stems:
            return self._known(number, line, *outline.stems[stem])
        longer = next((one for one in self.beginnings.get(key[:8], ()) if _goes_on(key, one)), None)
        if longer is not None:
            opener = outline.openers[longer]
            rest = _behind(line, opener.text)
            return Event(
                line=number, does=Does.OPENS, target=opener.target, heading=opener.text, rest=rest, cell=opener.cell
            )
        event = self._numbered(cell, number, line, first=first) if prose and not plain else None
        if event is None and weak is not None:
            return Event(line=number, does=Does.OPENS, target=weak, heading=line, weak=True, own_heading=True)
        return event or (self._closed(number, line) if asked else None)

    def _known(self, number: int, line: str, target: Target | None, cell: int) -> Event:
        if target is None:
            shape = shape_of(line)
            for one in reversed(candidates_kept(shape.text, self.vocabulary)):
                if one.key in self.outline.groups and is_heading(one, shape):
                    self.group = one.key
                    break
        return Event(line=number, does=Does.KNOWN, target=target, cell=cell)

    def _closed(self, number: int, line: str) -> Event | None:
        target = next((target for target, pattern in self.closing if pattern.search(line)), None)
        return None if target is None else Event(line=number, does=Does.CLOSES, target=target)

    def _numbered(self, cell: NotebookCell, number: int, line: str, *, first: bool) -> Event | None:
        """A line that names a question by its number, in whatever form."""
        outline = self.outline
        shape = shape_of(line, comment=cell.kind is CellKind.CODE)
        for one in reversed(candidates_kept(shape.text, self.vocabulary)):
            part = len(one.key) == 1 and not one.key[0].isdigit() and len(one.key[0]) <= 4
            alone = one.ends_line and cell.source.strip() == line.strip()  # "(b)" and nothing else is an answer
            below = part and self.group and one.delimited and (shape.set_apart or (first and not alone))
            if not (is_heading(one, shape) or below):
                continue
            target = outline.keyed(one.key, self.group)
            if target is not None:
                self._below(target)
                return Event(
                    line=number,
                    does=Does.OPENS,
                    target=target,
                    heading=_heading_of(line, one),
                    rest=self._answer_in(one, target),
                    own_heading=True,
                )
            if one.key in outline.groups and (one.named or shape.set_apart):
                self.group = one.key
                return Event(line=number, does=Does.CLOSES, target=None)
        return None

    def _below(self, target: Target) -> None:
        self.group = parts_of(target.partition("#")[0])[:-1]

    def _answer_in(self, one: Candidate, target: Target) -> str:
        """What follows the number, unless it is the text of the question, typed anew."""
        asked = next((opener.words for opener in self.outline.openers.values() if opener.target == target), frozenset())
        asked |= words_of(self.outline.titles.get(target, ""))
        said = words_of(one.rest)
        return "" if said and len(said & asked) >= _SHARED * len(said) else one.rest.strip()


def _any_of(patterns: list[re.Pattern[str]]) -> re.Pattern[str] | None:
    """One pattern that finds what any of several does, so that most lines are looked at once; None if there is none."""
    if not patterns or any(one.groups or one.flags & ~re.UNICODE for one in patterns):
        return None
    return re.compile("|".join(f"(?:{one.pattern})" for one in patterns))


def _goes_on(key: str, beginning: str) -> bool:
    """True if a line begins with another one, and that does not end within a word or number of it."""
    return key.startswith(beginning) and not (beginning[-1:].isalnum() and key[len(beginning) :][:1].isalnum())


def _behind(line: str, heading: str) -> str:
    """What follows a heading on its line, whatever signs of formatting either has."""
    words = [word.end() for word in _WORD.finditer(line)]
    count = len(_WORD.findall(heading))
    if not 0 < count <= len(words):
        return ""
    between = _BETWEEN.match(line, words[count - 1])
    return line[between.end() if between is not None else words[count - 1] :].rstrip()


def _heading_of(line: str, one: Candidate) -> str:
    """The line as far as the number, for a message; all of it where no answer follows."""
    if one.ends_line or not one.rest or not line.rstrip().endswith(one.rest.rstrip()):
        return line
    return line.rstrip()[: -len(one.rest.rstrip())]


def _retyped(notebook: NotebookRecord, outline: Outline, missing: list[Opener]) -> Iterator[tuple[int, Event]]:
    """Headings of the student version that were typed anew with slips: lines much like one that is nowhere."""
    wanted = [opener for opener in missing if len(opener.words) > 1]
    looked_at = 0
    for cell in notebook.cells:
        if not wanted:
            return
        if cell.source in outline.sources or len(cell.source) > 20 * LINE_CHARS:
            continue
        for number, line in enumerate(cell.source.split("\n"), start=1):
            if len(line) < 8 or not reads_as_text(cell, line) or looked_at >= _MOST_RETYPED:
                continue
            words = words_of(line[:LINE_CHARS])
            near = [one for one in wanted if len(words & one.words) >= _SHARED * len(one.words)]
            for opener in near:
                looked_at += 1
                if _is_like(line, opener):
                    rest = line[len(opener.text) :] if len(line) > 1.4 * len(opener.text) else ""
                    made = Event(
                        line=number, does=Does.OPENS, target=opener.target, heading=line[: len(opener.text)], rest=rest
                    )
                    yield cell.index, replace(made, own_heading=True, cell=opener.cell)
                    wanted.remove(opener)
                    break


def _is_like(line: str, opener: Opener) -> bool:
    one, other = line_key(line[: len(opener.text) + 20])[:300], line_key(opener.text)[:300]
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE
