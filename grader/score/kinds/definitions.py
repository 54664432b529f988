"""Which of several definitions of a name counts: the one between its question's markers, else the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from grader.coursework import Region
from grader.evidence import Definition, Part
from grader.records import Outcome, cell_name
from grader.score.kinds.base import JudgeContext, Verdict
from grader.score.locate import fenced_regions

T = TypeVar("T")

_ORDER = (Outcome.PASSED, Outcome.MANUAL, Outcome.PARTIAL, Outcome.FAILED)
"""Best first; what a person may still find right comes before what has lost marks for certain."""
_TIMES = {2: "twice", 3: "three times"}


def held_by_markers(context: JudgeContext, definitions: Sequence[Definition]) -> tuple[int, ...]:
    """Positions of the definitions that enclose a filled region of the context's question."""
    found = []
    for region in fenced_regions(context.evidence.notebook, context.student_version):
        asked = region.question.casefold() == context.question.id.casefold()
        if asked and not context.student_version.region_is_blank(region):
            found.extend(_enclosing(region, definitions, context.evidence.part("student")))
    return tuple(dict.fromkeys(found))


def _enclosing(region: Region, definitions: Sequence[Definition], part: Part) -> list[int]:
    """The last definition that opens above the region, if no other subject opens between."""
    above = [one for one in part.outline.definitions if one.cell == region.cell and one.line <= region.first_line]
    if not above:
        return []
    nearest = max(above, key=lambda one: one.line)
    return [position for position, definition in enumerate(definitions) if definition == nearest]


def choose(context: JudgeContext, definitions: Sequence[Definition], judged: Sequence[tuple[int, Verdict]]) -> int:
    """The position in `judged` of the definition that counts.

    Args:
        context: for the markers of the question.
        definitions: all definitions of the name.
        judged: index of each judged definition and what was found, in order of execution; not empty.
    """
    held = held_by_markers(context, definitions)
    among = [place for place, (index, _) in enumerate(judged) if index in held] or list(range(len(judged)))
    return min(among, key=lambda place: (_rank(judged[place][1]), -place))


def _rank(verdict: Verdict) -> tuple[int, float]:
    outcome = verdict.outcome
    place = _ORDER.index(outcome) if outcome in _ORDER else len(_ORDER)
    return place, -float(verdict.mark or 0)


def said(name: str, definitions: Sequence[Definition], index: int) -> str:
    """ "`X` is defined twice; the one in cell 7 counts.", or nothing for a single definition."""
    if len(definitions) < 2 or index >= len(definitions):
        return ""
    times = _TIMES.get(len(definitions), f"{len(definitions)} times")
    return f"`{name}` is defined {times}; the one in {cell_name(definitions[index].cell)} counts."


def judge_each(part: Part, name: str, probes: Sequence[str], judge: Callable[[int], T]) -> list[tuple[int, T]]:
    """What `judge` finds for every definition of the name that was probed, at least for the first.

    Args:
        part: the student's part.
        name: the class.
        probes: identifiers of the probes that were run on each definition.
        judge: called with the index of a definition.
    """
    count = max(len(part.definitions(name)), 1)
    probed = [index for index in range(count) if any(part.probe(probe, index) is not None for probe in probes)]
    return [(index, judge(index)) for index in probed or [0]]
