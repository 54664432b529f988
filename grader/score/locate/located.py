"""All that was found in one hand-in: the answer to each question, in order, with what was passed over and why."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from grader.coursework import StudentVersion, normalise_text
from grader.records import CellKind, NotebookRecord, cell_name
from grader.score.locate.fences import fenced_regions
from grader.score.locate.outline import Outline, Target, outline_of
from grader.score.locate.own_lines import TEXT_CHARS
from grader.score.locate.sections import Section, question_of, sections
from grader.score.locate.settle import fill_gaps, settle
from grader.score.locate.ways import Place, Way
from grader.score.source_text import segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is written at one place, wherever it was found."""

    found: bool = False
    """False if neither the place nor anything that belongs there is in the notebook."""
    text: str = ""
    """What counts: the last that was written in the place that is trusted most."""
    whole: str = ""
    """Everything that was found, for a person."""
    counting: tuple[Place, ...] = ()
    """Where `text` stands."""
    passed_over: tuple[Place, ...] = ()
    """Where something else stands that belongs there, too."""
    said: str = ""
    """A sentence where several differ, or where a place had two claims."""


@dataclass(slots=True, kw_only=True)
class Located:
    """The hand-in against the student version."""

    notebook: NotebookRecord
    outline: Outline
    sections: list[Section] = field(default_factory=list)
    """Those in which the student wrote something to read."""
    whole: list[Section] = field(default_factory=list)
    """All of them, cells that only draw or print, too."""
    headings: frozenset[Target] = frozenset()
    disputes: dict[Target, str] = field(default_factory=dict)
    """Sentences about places with two claims, for the question that got it and for the one that did not."""

    @property
    def unowned(self) -> bool:
        """True if some prose of the student's belongs to no question that was found."""
        cells = {cell.index: cell.kind for cell in self.notebook.cells}
        return any(one.target is None and cells[one.cell] is not CellKind.CODE for one in self.sections)

    def reading(self, target: Target) -> Reading:
        """What was written for a target; that of its question where a place inside of it is empty."""
        question = question_of(target) or ""
        own = self._reading({target})
        if own.text or not question:
            return own
        others = {known for known in self.outline.after if question_of(known) == question} - {target}
        asked_apart = set(self.outline.targets.values()) - {target}  # the answer to another check is none to this one
        elsewhere = self._reading(({question} if "#" in target else others) - asked_apart)
        return elsewhere if elsewhere.text else own

    def places(self, question: str) -> list[Place]:
        """Every place of a question, the most trusted way first, and in order: its regions, its prose, its names."""
        fences = fenced_regions(self.notebook, self.outline.template)
        found = [
            Place(cell=one.cell, first_line=one.first_line, last_line=one.last_line, way=Way.MARKERS)
            for one in fences
            if one.question.casefold() == question.casefold()
        ]
        found += [_place(one) for one in self.sections if question_of(one.target) == question]
        for name in self.outline.all_names.get(question, ()):
            for cell, first, text in segments(self.notebook, name):
                last = first + text.count("\n")
                found.append(Place(cell=cell, first_line=first, last_line=last, way=Way.NAME, heading=name))
        return sorted(found, key=lambda place: (place.way.rank, place.cell, place.first_line))

    def region(self, target: Target) -> list[Place]:
        """All lines that are a target's, given ones and code, too, in order: what is drawn or printed there is its own.

        A cell without prose that has two claims is in both places.
        """
        question = question_of(target) or ""
        mine = {target} if "#" in target or not question else self._asked_for(question)
        found = [_place(one) for one in self.whole if one.target in mine or (one.given_for in mine and not one.text)]
        if target == question:
            found += [place for place in self.places(question) if place.way in (Way.MARKERS, Way.NAME)]
        return sorted(found, key=lambda place: (place.cell, place.first_line, place.last_line))

    def _asked_for(self, question: str) -> Set[Target]:
        """A question with the places inside of it."""
        return {question, *(known for known in self.outline.after if question_of(known) == question)}

    def _reading(self, targets: Set[Target]) -> Reading:
        mine = [one for one in self.sections if one.target is not None and one.target in targets]
        found = bool(self.headings.intersection(targets)) or any(one.way is not Way.POSITION for one in mine)
        if not mine:
            return Reading(found=found)
        openings: dict[tuple[int, Way], list[Section]] = {}
        for one in mine:
            openings.setdefault((one.opening, one.way), []).append(one)
        best = min(one.way.rank for one in mine)
        last = [several for (_, way), several in openings.items() if way.rank == best][-1]
        text = _joined(last)
        others = [several for several in openings.values() if several is not last]
        differing = [one for several in others if _form(_joined(several)) != _form(text) for one in several]
        disputes = [self.disputes[target] for target in targets if target in self.disputes]
        return Reading(
            found=True,
            text=text,
            whole=_joined(mine),
            counting=tuple(_place(one) for one in last),
            passed_over=tuple(_place(one) for one in differing),
            said=" ".join((*([_several(differing, last)] if differing else []), *disputes)),
        )


def locate(notebook: NotebookRecord, template: StudentVersion, after: str = "", before: str = "") -> Located:
    """What stands where in a hand-in; worked out once for the few notebooks that were last looked at.

    Args:
        notebook: the hand-in.
        template: the student version, with what the rubric asks.
        after: regular expression of one more line below which an answer stands, where the rubric does not know it.
        before: of the line at which that ends.
    """
    outline = outline_of(template, after, before)
    place = (id(notebook), id(outline))
    known = _LOCATED.get(place)
    if known is None or known.notebook is not notebook or known.outline is not outline:
        while len(_LOCATED) >= _KEPT:
            del _LOCATED[next(iter(_LOCATED))]
        known = _LOCATED[place] = _located(notebook, outline)
    return known


_KEPT = 8
_LOCATED: dict[tuple[int, int], Located] = {}
"""By identity: every check asks anew for the same few."""


def _located(notebook: NotebookRecord, outline: Outline) -> Located:
    found, headings = sections(notebook, outline)
    written = fill_gaps([one for one in found if one.text], notebook, outline, headings)
    disputes = settle(written)
    return Located(
        notebook=notebook, outline=outline, sections=written, whole=found, headings=headings, disputes=disputes
    )


def _place(one: Section) -> Place:
    return Place(
        cell=one.cell,
        first_line=one.first_line,
        last_line=one.last_line,
        way=one.way,
        heading=one.heading,
        own_heading=one.own_heading,
        text=one.text,
        rest=one.rest,
    )


def _joined(several: Iterable[Section]) -> str:
    """The texts in order, each once; those of one cell follow each other at once."""
    text, cell, seen = "", -1, set[str]()
    for one in several:
        form = _form(one.text)
        if form in seen:
            continue
        seen.add(form)
        text += (("\n" if one.cell == cell else "\n\n") if text else "") + one.text
        cell = one.cell
    return text[:TEXT_CHARS].strip()


def _form(text: str) -> str:
    return normalise_text(text)


def _several(others: list[Section], last: list[Section]) -> str:
    cells = sorted({one.cell for one in (*others, *last)})
    counts = cell_name(last[-1].cell)
    if len(cells) == 1:
        return f"Your answer stands in {counts} more than once, and not the same; the last one counts."
    named = [cell_name(cell) for cell in cells]
    return f"Your answer stands in {', '.join(named[:-1])} and {named[-1]}, and not the same; that in {counts} counts."
