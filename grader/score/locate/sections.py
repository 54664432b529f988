"""A hand-in cut into sections, each with the question that it answers and the way by which that is known.

Lines and cells are walked once, in order. What stands below a heading is its question's until another line or cell says
otherwise; a cell that was given for one question and stands below the heading of another has two claims, settled later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from grader.coursework import normalise_text
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.score.locate.outline import Outline, Target
from grader.score.locate.own_lines import own_text
from grader.score.locate.scan import Does, Event, scan
from grader.score.locate.ways import Way
from grader.score.source_text import names_written

_COMPARED_CHARS = 20_000
"""Cells that are longer are no cells of a student version as it was given."""


@lru_cache(maxsize=512)
def _normalised(source: str) -> str:
    """The text of a cell in the form in which cells are compared; kept, since most cells are the template's."""
    return normalise_text(source)


@dataclass(slots=True, kw_only=True)
class Section:
    """Lines of one cell that belong together."""

    cell: int
    first_line: int
    last_line: int
    target: Target | None
    way: Way
    heading: str = ""
    own_heading: bool = False
    given_for: Target | None = None
    """Another question that has a claim: its cell, its names or its given lines."""
    given_way: Way = Way.POSITION
    opening: int = 0
    """Sections with the same number were opened together."""
    text: str = ""
    """The student's own lines, without the student version's; of code only what is prose."""
    rest: str = ""
    """What stands on the line of the heading, behind it."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """Whose lines are, as far as known."""

    target: Target | None
    way: Way = Way.POSITION
    heading: str = ""
    own_heading: bool = False
    position: int = -1
    """In the student version."""


@dataclass(frozen=True, slots=True)
class _Local:
    """Whose lines are: by the headings above, and perhaps somebody else's by what they are."""

    flow: _Claim
    other: _Claim | None


def sections(notebook: NotebookRecord, outline: Outline) -> tuple[list[Section], frozenset[Target]]:
    """The sections of a hand-in, in order, with the student's own lines in each, and whose headings it has.

    Those without own lines of prose are there, too: what a cell draws or prints stands in no line.
    """
    walk = _Walk(notebook, outline)
    opened = (event.target for events in walk.events.values() for event in events if event.does is Does.OPENS)
    return walk.sections(), frozenset(target for target in opened if target is not None)


def question_of(target: Target | None) -> str | None:
    """The question of a target."""
    return None if target is None else target.partition("#")[0]


class _Walk:
    def __init__(self, notebook: NotebookRecord, outline: Outline) -> None:
        self.notebook = notebook
        self.outline = outline
        self.events = scan(notebook, outline)
        self.flow = _Claim(None)
        self.opening = 0
        self.found: list[Section] = []

    def sections(self) -> list[Section]:
        """Walk over all cells."""
        for cell in self.notebook.cells:
            self._cell(cell)
        return self.found

    def _cell(self, cell: NotebookCell) -> None:
        events = self.events.get(cell.index, [])
        claim = self._claim(cell, events)
        local = self._begin(cell, claim)
        began, first, rest = False, 1, ""
        for event in events:
            after = self._after(event, cell, local)
            if after is None:
                continue
            self._add(cell, first, event.line - 1, local, rest, began=began)
            local, (began, rest) = after, (event.does is Does.OPENS, event.rest)
            first = event.line + (event.does is Does.OPENS)
        self._add(cell, first, cell.source.count("\n") + 1, local, rest, began=began)

    def _begin(self, cell: NotebookCell, claim: _Claim | None) -> _Local:
        """Whose the beginning of a cell is: the flow's, or the cell's own claim, or both have one."""
        flow = self.flow
        if claim is None or claim.target == flow.target:
            return _Local(flow, None)
        if claim.target is None:
            if claim.position >= flow.position:
                self.flow = claim
            return _Local(self.flow, None)
        inside = question_of(claim.target) == question_of(flow.target)
        if flow.target is None or flow.way is not Way.HEADING or inside:
            if not (inside and flow.way is Way.HEADING):
                self.opening += 1
            self.flow = replace(claim, heading=claim.heading or flow.heading, way=flow.way if inside else claim.way)
            return _Local(self.flow, None)
        return _Local(flow, claim)

    def _after(self, event: Event, cell: NotebookCell, local: _Local) -> _Local | None:
        """Whose the lines after an event are; None where nothing changes."""
        flow = local.flow
        if event.does is Does.OPENS:
            self.opening += 1
            made = _Claim(event.target, Way.HEADING, event.heading, event.own_heading, max(event.cell, flow.position))
            self.flow = made
            return _Local(made, None)
        if event.does is Does.CLOSES:
            if flow.target is None or event.target not in (None, flow.target):
                return None
            self.flow = _Claim(None, position=flow.position)
            return _Local(self.flow, None)
        if event.target == flow.target or (local.other is not None and event.target == local.other.target):
            return None
        claim = _Claim(event.target, Way.POSITION, position=event.cell)
        if event.target is None:
            if cell.kind is CellKind.CODE or event.cell < flow.position:
                return None
            self.flow = claim
            return _Local(claim, None)
        if flow.target is None or flow.way is not Way.HEADING or question_of(event.target) == question_of(flow.target):
            self.flow = replace(claim, way=flow.way, heading=flow.heading) if flow.target is not None else claim
            self.flow = claim if flow.way is not Way.HEADING else self.flow
            self.opening += 1
            return _Local(self.flow, None)
        return _Local(flow, claim)

    def _claim(self, cell: NotebookCell, events: list[Event]) -> _Claim | None:
        """What a cell is by itself: one of the student version, one that was given, one that holds a name."""
        outline = self.outline
        if len(cell.source) <= _COMPARED_CHARS:
            same = outline.texts.get(_normalised(cell.source))
            if same is not None:
                return _Claim(outline.cell_owners[same], Way.POSITION, position=same)
        for label in cell.labels:
            given = outline.labels.get(label)
            if given is not None and (outline.cell_owners[given] is not None or cell.kind is CellKind.CODE):
                return _Claim(outline.cell_owners[given], Way.METADATA, position=given)
        if cell.kind is CellKind.CODE and outline.names:
            named = {name for _, names in names_written(cell.source) for name in names if name in outline.names}
            questions = {outline.names[name] for name in named}
            if len(questions) == 1:
                return _Claim(questions.pop(), Way.NAME, heading=min(named))
        first = events[0] if events else None
        if first is not None and first.does is Does.KNOWN and first.target is not None:
            return _Claim(first.target, Way.POSITION, position=first.cell)
        return None

    def _add(self, cell: NotebookCell, first: int, last: int, local: _Local, rest: str, *, began: bool) -> None:
        if last < first and not rest:
            return
        flow, other = local.flow, local.other
        if flow.target is None and other is None and cell.kind is CellKind.CODE:
            return
        text = own_text(cell, first, last, self.outline, whole=began)
        text = "\n".join(part for part in (rest, text) if part)
        self.found.append(
            Section(
                cell=cell.index,
                first_line=first - (bool(rest) and text == rest),
                last_line=max(last, first - bool(rest)),
                target=flow.target,
                way=flow.way,
                heading=flow.heading,
                own_heading=flow.own_heading,
                given_for=None if other is None else other.target,
                given_way=Way.POSITION if other is None else other.way,
                opening=self.opening,
                text=text if text.strip() else "",
                rest=rest,
            )
        )
