"""Settles what the walk leaves open: places with two claims, and answers whose heading was deleted."""

from __future__ import annotations

from collections import Counter

from grader.records import CellKind, NotebookRecord, cell_name
from grader.score.locate.outline import Opener, Outline, Target
from grader.score.locate.sections import Section, question_of
from grader.score.locate.ways import Way


def settle(found: list[Section]) -> dict[Target, str]:
    """Give every section with two claims to one of them, and say so.

    It goes to the question that would be left without an answer; if both or neither would, to the one that is trusted
    more, which is the heading above.
    """
    said: dict[Target, str] = {}
    texts = Counter(question_of(one.target) for one in found if one.given_for is None and one.target is not None)
    for one in found:
        if one.given_for is None or one.target is None:
            continue
        above, given = one.target, one.given_for
        if texts[question_of(above)] and not texts[question_of(given)]:
            one.target, one.way, one.heading, one.own_heading = given, one.given_way, "", False
            one.opening = -1 - one.opening
        where = f"{cell_name(one.cell).capitalize()} stands below the heading of question {question_of(above)}"
        sentence = (
            f"{where} and was given for question {question_of(given)}; it was read for {question_of(one.target)}."
        )
        for target in (above, given):
            said.setdefault(target, sentence)
        one.given_for = None
    return said


def fill_gaps(
    found: list[Section], notebook: NotebookRecord, outline: Outline, headings: frozenset[Target]
) -> list[Section]:
    """Sections of questions whose heading is not there, by their place between the given cells.

    Where as many cells of the student's follow each other as cells were to be filled in between the same given ones,
    they belong to each other in order.
    """
    openers = sorted(outline.openers.values(), key=lambda one: (one.cell, one.line))
    answered = {one.target for one in found} | {one.given_for for one in found}
    for place, opener in enumerate(openers):
        if opener.target in headings or opener.target in answered or place == 0:
            continue
        above = next((one for one in reversed(openers[:place]) if one.target in headings), None)
        if above is None:
            continue
        run = _run_below(found, above.target, notebook)
        empty = _to_be_filled(outline, above.cell, openers, headings)
        if len(run) != len(empty):
            continue
        for cell, target in zip(run, empty, strict=True):
            if target != above.target:
                for one in found:
                    if one.cell == cell and one.target == above.target:
                        one.target, one.way, one.heading, one.own_heading = target, Way.POSITION, "", False
                        one.opening = -1 - one.cell
                        answered.add(target)
    return found


def _run_below(found: list[Section], target: Target, notebook: NotebookRecord) -> list[int]:
    """The cells of prose that stand below a heading."""
    kinds = {cell.index: cell.kind for cell in notebook.cells}
    mine = [one for one in found if one.target == target and one.way is Way.HEADING and one.given_for is None]
    return list(dict.fromkeys(one.cell for one in mine if kinds[one.cell] is not CellKind.CODE))


def _to_be_filled(outline: Outline, first: int, openers: list[Opener], headings: frozenset[Target]) -> list[Target]:
    """Whose the answer cells of the student version are, from a heading to the next one that is in the hand-in."""
    following = [one.cell for one in openers if one.cell > first and one.target in headings]
    last = following[0] if following else len(outline.cell_owners)
    opening = {one.cell for one in openers}
    found = []
    for cell in outline.template.notebook.cells[first:last]:
        owner = outline.cell_owners[cell.index]
        alone = cell.index in opening and len([line for line in cell.source.split("\n") if line.strip()]) == 1
        asks = cell.index in opening and not _has_room(cell.source)
        if owner is not None and cell.kind is not CellKind.CODE and not alone and not asks:
            found.append(owner)
    return found


def _has_room(source: str) -> bool:
    """True if a cell with a heading has more than the question's text: a line for the answer."""
    return source.rstrip().endswith(":") or "answer" in source.casefold()
