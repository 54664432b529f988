"""The student version as a map: which of its lines open the answer to which question, and whose every line is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from grader.coursework import Asked, StudentVersion, normalise_text, regions
from grader.records import CellKind, NotebookCell
from grader.score.locate.headings import Candidate, Key, Shape, candidates, parts_of, shape_of
from grader.score.source_text import names_written

Target = str
"""What an answer belongs to: the id of a question, or that with `#` and a number for a place inside of a question."""
LINE_CHARS = 2_000
"""Of a line are looked at."""
_SHORTEST_LINE = 6
_FREE_WORDS = re.compile(r"[^\W\d_]{2,}")
_IDLE = frozenset(("task", "question", "answer", "answers", "solution", "text", "cell", "code", "template", "response"))
"""Words beside the question in what a file calls a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """A line of the student version below which an answer stands."""

    target: Target
    cell: int
    line: int
    text: str
    words: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Outline:
    """All that is known of the student version; made once for all hand-ins."""

    template: StudentVersion
    targets: dict[tuple[str, str, str], Target] = field(default_factory=dict)
    """(question, after, before) -> target."""
    after: dict[Target, list[re.Pattern[str]]] = field(default_factory=dict)
    before: dict[Target, list[re.Pattern[str]]] = field(default_factory=dict)
    openers: dict[str, Opener] = field(default_factory=dict)
    """By the form in which lines are compared."""
    keys: dict[Key, Target] = field(default_factory=dict)
    groups: set[Key] = field(default_factory=set)
    """Beginnings of keys: "question 1" where the questions are 1a and 1b."""
    vocabulary: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    """Every line of the student version."""
    owners: dict[str, tuple[Target | None, int]] = field(default_factory=dict)
    """Line that occurs in one cell only -> whose it is, and that cell."""
    stems: dict[str, tuple[Target | None, int]] = field(default_factory=dict)
    """The same of lines that end with a colon, behind which students write."""
    cell_owners: list[Target | None] = field(default_factory=list)
    """Whose a cell is, its opening line apart."""
    texts: dict[str, int] = field(default_factory=dict)
    """Text of a whole cell -> its position."""
    labels: dict[str, int] = field(default_factory=dict)
    """What the file calls a cell -> its position."""
    titles: dict[str, str] = field(default_factory=dict)
    sources: frozenset[str] = frozenset()
    """The cells as they are."""
    scanned: dict[Any, Any] = field(default_factory=dict)
    """What was found out about cells of the student version as they stand in hand-ins; bounded by their number."""
    names: dict[str, str] = field(default_factory=dict)
    """Name in code -> the only question that it belongs to."""
    all_names: dict[str, list[str]] = field(default_factory=dict)
    """Question -> the names in code that answer it, those of other questions, too."""

    def target_of(self, question: str, after: str, before: str) -> Target | None:
        """What a check's parameters point at; None for a question that nobody knows."""
        if after:
            asked = [place for place in self.targets if place[1:] == (after, before)]
            mine = next((place for place in asked if place[0] == question), asked[0] if asked else None)
            return None if mine is None else self.targets[mine]
        return question if question in self.after else None

    def keyed(self, key: Key, group: Key) -> Target | None:
        """The target of a number, by itself, below the heading of a group, or as the only one that ends so."""
        if key in self.keys:
            return self.keys[key]
        if group and (*group, *key) in self.keys:
            return self.keys[*group, *key]
        if key in self.groups or not any(part.isdigit() for part in key):
            return None
        ending = {target for known, target in self.keys.items() if known[-len(key) :] == key}
        return ending.pop() if len(ending) == 1 else None


_OUTLINES: WeakKeyDictionary[StudentVersion, dict[tuple[str, str], Outline]] = WeakKeyDictionary()
_MOST_OUTLINES = 64


def outline_of(template: StudentVersion, after: str = "", before: str = "") -> Outline:
    """The outline of a student version, with one more place where the questions that it knows have it not."""
    known = _OUTLINES.setdefault(template, {})
    place = (after, before)
    if not after or any(place in asked.places for asked in template.asked):
        place = ("", "")
    if place not in known:
        if len(known) >= _MOST_OUTLINES:
            known.clear()
        more = (Asked(question="", places=(place,)),) if place[0] else ()
        known[place] = _made(template, (*template.asked, *more))
    return known[place]


def line_key(line: str) -> str:
    """The form in which lines are compared: without case, spacing and signs of formatting."""
    return normalise_text(line[:LINE_CHARS].strip().strip("#*_- \t"))


def words_of(line: str) -> frozenset[str]:
    """The words of a line, single letters and numbers apart."""
    return frozenset(_FREE_WORDS.findall(line.casefold()))


def reads_as_text(cell: NotebookCell, line: str) -> bool:
    """True for a line of prose, or for a comment or text in code."""
    return cell.kind is not CellKind.CODE or line.lstrip()[:1] in ("#", "'", '"')


def _made(template: StudentVersion, asked: tuple[Asked, ...]) -> Outline:
    outline = Outline(template=template, sources=frozenset(cell.source for cell in template.notebook.cells))
    outline.titles = {one.question: one.title for one in asked}
    for one in asked:
        if one.question:
            key = parts_of(one.question)
            outline.vocabulary.update(part for part in key if part.isalpha() and (len(part) > 1 or part == key[0]))
    opened = _Opened(outline, asked)
    for one in asked:
        opened.add(one)
    for target, (cell, number, line) in sorted(opened.lines.items(), key=lambda item: (item[1][:2], item[0])):
        opener = Opener(target=target, cell=cell, line=number, text=line, words=words_of(line))
        outline.openers.setdefault(line_key(line), opener)
    outline.groups = {key[:end] for key in outline.keys for end in range(1, len(key))} - outline.keys.keys()
    _add_names(outline, asked)
    _add_cells(outline)
    return outline


class _Opened:
    """Finds the line of the student version that opens each answer."""

    def __init__(self, outline: Outline, asked: tuple[Asked, ...]) -> None:
        self.outline = outline
        self.lines: dict[Target, tuple[int, int, str]] = {}
        self.cells = outline.template.notebook.cells
        self.headings = [
            (line_key(one[2]), one)
            for one in self._all()
            if self.cells[one[0]].kind is not CellKind.CODE and shape_of(one[2]).set_apart
        ]
        self.found = self._by_number(asked)

    def add(self, asked: Asked) -> None:
        """Take up a question with its places."""
        own, outline = asked.question, self.outline
        key = parts_of(own)
        outline.after.setdefault(own, [])
        outline.before.setdefault(own, [])
        heading = self.found.get(own) or self._by_title(asked)
        if key:
            outline.keys.setdefault(key, own)
        if heading is not None:
            self._open(own, heading)
        only = len({after for after, _ in asked.places}) == 1 and heading is None
        for number, (after, before) in enumerate(asked.places, start=1):
            pattern = re.compile(after)
            line = next((one for one in self._all() if pattern.search(one[2][:LINE_CHARS])), None)
            same = only or (line is not None and heading is not None and line[:2] == heading[:2])
            target = own if same else f"{own}#{number}"
            if line is not None:  # two answers below one line have one place
                target = next((known for known, opened in self.lines.items() if opened[:2] == line[:2]), target)
            outline.targets[own, after, before] = target
            outline.after.setdefault(target, []).append(pattern)
            outline.before.setdefault(target, [])
            if before:
                outline.before[target].append(re.compile(before))
            if line is not None:
                self._open(target, line)

    def _open(self, target: Target, line: tuple[int, int, str]) -> None:
        self.lines.setdefault(target, line)
        if target == "" or "#" in target:
            return
        for one in reversed(_free(line[2])):
            if any(part.isdigit() for part in one.key):
                self.outline.keys.setdefault(one.key, target)
                self.outline.vocabulary.update(part for part in one.key if len(part) > 1 and part.isalpha())
                break

    def _by_number(self, asked: tuple[Asked, ...]) -> dict[str, tuple[int, int, str]]:
        """The first line that bears the number of each question, in full or with its letters spelt out as words."""
        wanted = {parts_of(one.question): one.question for one in asked if one.question}
        vocabulary = {part for key in wanted for part in key if part.isalpha()}
        found: dict[str, tuple[int, int, str]] = {}
        for cell, number, line in self._all():
            if not reads_as_text(self.cells[cell], line):
                continue
            shape = shape_of(line, comment=self.cells[cell].kind is CellKind.CODE)
            for one in reversed([*candidates(shape.text, vocabulary), *_free(line)]):
                question = wanted.get(one.key) or _spelt_out(one.key, wanted)
                if question is not None and is_heading(one, shape):
                    found.setdefault(question, (cell, number, line))
                    break
        return found

    def _by_title(self, asked: Asked) -> tuple[int, int, str] | None:
        """The only heading that holds the title of a question."""
        title = normalise_text(asked.title)
        if len(title) < _SHORTEST_LINE:
            return None
        found = [line for key, line in self.headings if title in key]
        return found[0] if len(found) == 1 else None

    def _all(self) -> Iterator[tuple[int, int, str]]:
        for cell in self.cells:
            for number, line in enumerate(cell.source.split("\n"), start=1):
                if line.strip():
                    yield cell.index, number, line


def is_heading(one: Candidate, shape: Shape) -> bool:
    """True if what was read as a number is one of a question, and not a list's, or one in a sentence."""
    if one.named:
        return one.delimited or shape.set_apart
    if one.mixed:
        return one.delimited and (one.ends_line or shape.set_apart or len(one.key) > 1)
    if len(one.key) == 1 and len(one.key[0]) > 1 and one.key[0].isalpha():
        return shape.set_apart and (one.ends_line or one.delimited)
    return shape.set_apart and one.delimited


def _free(line: str) -> list[Candidate]:
    return candidates(shape_of(line).text, (), free=True)


def _spelt_out(key: Key, wanted: dict[Key, str]) -> str | None:
    """The question whose id abbreviates a key: "T1" is "theory 1"."""
    fits = [
        question
        for short, question in wanted.items()
        if len(short) == len(key)
        and short != key
        and all(
            part == whole or (len(part) == 1 and part.isalpha() and whole.startswith(part))
            for part, whole in zip(short, key, strict=True)
        )
        and any(part == whole and part.isdigit() for part, whole in zip(short, key, strict=True))
    ]
    return fits[0] if len(fits) == 1 else None


def _add_names(outline: Outline, asked: tuple[Asked, ...]) -> None:
    """Names that belong to one question: those that the rubric gives, and definitions that enclose its markers."""
    owners: dict[str, set[str]] = {}
    for one in asked:
        for name in one.names:
            owners.setdefault(name, set()).add(one.question)
    cells = {cell.index: cell for cell in outline.template.notebook.cells}
    for region in regions(outline.template.notebook, outline.template.markers):
        above = [names for first, names in names_written(cells[region.cell].source) if first < region.first_line]
        for name in above[-1] if above else ():
            owners.setdefault(name, set()).add(region.question)
    for name, questions in sorted(owners.items()):
        for question in questions:
            outline.all_names.setdefault(question, []).append(name)
    outline.names = {name: questions.pop() for name, questions in owners.items() if len(questions) == 1}


def _add_cells(outline: Outline) -> None:
    """Whose every line is: that of the last opening line above, as far as no other heading stands between."""
    template = outline.template.notebook
    opened = {(one.cell, one.line): one for one in outline.openers.values()}
    current: Target | None = None
    level, counts = 0, dict[str, int]()
    for cell in template.cells:
        owner = _owner_by_code(outline, cell) or _owner_by_label(outline, cell)
        current = owner if owner is not None else current
        whose, begun = current, False
        for number, line in enumerate(cell.source.split("\n"), start=1):
            key = line_key(line)
            opener = opened.get((cell.index, number))
            if opener is not None:
                current, level = opener.target, shape_of(line).level
            elif cell.kind is not CellKind.CODE:
                depth = shape_of(line).level
                closes = current is not None and any(
                    p.search(line[:LINE_CHARS]) for p in outline.before.get(current, ())
                )
                if closes or (0 < depth <= (level or 6)):
                    current = None
            if not begun and line.strip():
                whose, begun = current, True
            outline.given.add(key)
            if len(key) >= _SHORTEST_LINE and opener is None:
                counts[key] = counts.get(key, 0) + 1
                outline.owners[key] = current, cell.index
        outline.cell_owners.append(whose)
        text = normalise_text(cell.source)
        outline.texts[text] = -1 if text in outline.texts else cell.index
        for label in cell.labels:
            outline.labels.setdefault(label, cell.index)
    for key, count in counts.items():
        if count > 1:
            del outline.owners[key]
        elif key.endswith(":"):
            outline.stems[key] = outline.owners[key]
    outline.texts = {text: cell for text, cell in outline.texts.items() if text and cell >= 0}


def _owner_by_label(outline: Outline, cell: NotebookCell) -> str | None:
    """The question whose id the file gives to a cell: "2b" or "answer-2b"."""
    for label in cell.labels:
        key = tuple(part for part in parts_of(label) if part not in _IDLE)
        target = outline.keys.get(key)
        if target is not None:
            return target
    return None


def _owner_by_code(outline: Outline, cell: NotebookCell) -> str | None:
    """The only question whose names or markers a code cell holds."""
    if cell.kind is not CellKind.CODE:
        return None
    written = {name for _, names in names_written(cell.source) for name in names}
    questions = {outline.names[name] for name in written if name in outline.names}
    return questions.pop() if len(questions) == 1 else None
