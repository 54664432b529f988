"""The regions between markers, found although a marker was damaged: other case and dashes, a lost label, a lost end."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

from grader.coursework import Region, StudentVersion, regions
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.score.source_text import CELL_CHARS, names_written

_MOST_LINES = 2_000
"""Lines of one notebook that are compared with markers in full."""
_MOST_CHARS = 200
_ALIKE = 0.8
_CONFUSED = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "|": "l", "!": "l"})
"""What readers of pictures take for each other."""


@dataclass(frozen=True, slots=True)
class _Fence:
    """A start marker of the student version."""

    question: str
    form: str
    inside: frozenset[str]
    """Names of the definition around it."""


@dataclass(frozen=True, slots=True)
class _Given:
    starts: tuple[_Fence, ...]
    ends: frozenset[str]
    words: frozenset[str]


@dataclass(slots=True)
class _Open:
    cell: NotebookCell
    first: int
    question: str
    """Empty for a start that has lost its label."""


_GIVEN: WeakKeyDictionary[StudentVersion, _Given] = WeakKeyDictionary()


def fenced_regions(notebook: NotebookRecord, template: StudentVersion) -> tuple[Region, ...]:
    """All regions between markers, exact ones and, of questions that have none of these, those with damaged markers.

    Args:
        notebook: the hand-in.
        template: the student version, whose markers are known.
    """
    known = _KNOWN.get(id(notebook))
    if known is not None and known[0] is notebook and known[1] is template:
        return known[2]
    found = _regions(notebook, template)
    while len(_KNOWN) >= _KEPT:
        del _KNOWN[next(iter(_KNOWN))]
    _KNOWN[id(notebook)] = notebook, template, found
    return found


_KEPT = 4
_KNOWN: dict[int, tuple[NotebookRecord, StudentVersion, tuple[Region, ...]]] = {}
"""By identity: every check asks anew for the same few."""


def _regions(notebook: NotebookRecord, template: StudentVersion) -> tuple[Region, ...]:
    exact = regions(notebook, template.markers)
    if template.markers is None:
        return exact
    if template not in _GIVEN:
        _GIVEN[template] = _given(template)
    given = _GIVEN[template]
    there = {region.question.casefold() for region in exact}
    missing = [fence for fence in given.starts if fence.question.casefold() not in there]
    if not missing:
        return exact
    asked = {fence.question.casefold() for fence in given.starts}
    sound = [region for region in exact if region.question.casefold() in asked]  # "Question lb" is no question
    taken = {(region.cell, line) for region in sound for line in range(region.first_line - 1, region.last_line + 2)}
    damaged = list(_damaged(notebook, template, given, missing, taken))
    again = {(region.cell, region.first_line) for region in (*sound, *damaged)}
    odd = [region for region in exact if (region.cell, region.first_line) not in again]
    found = [*sound, *damaged, *odd]
    return tuple(sorted(found, key=lambda region: (region.cell, region.first_line)))


def _given(template: StudentVersion) -> _Given:
    sources = {cell.index: cell.source for cell in template.notebook.cells}
    starts, ends = [], set()
    for region in regions(template.notebook, template.markers):
        lines = sources[region.cell].split("\n")
        inside = _around(sources[region.cell], region.first_line)
        starts.append(_Fence(region.question, _form(lines[region.first_line - 2]), inside))
        ends.add(_form(lines[region.last_line]))
    words = frozenset(
        word for form in (*(start.form for start in starts), *ends) for word in form.split() if len(word) > 2
    )
    return _Given(tuple(starts), frozenset(ends), words)


def _damaged(
    notebook: NotebookRecord,
    template: StudentVersion,
    given: _Given,
    missing: list[_Fence],
    taken: set[tuple[int, int]],
) -> Iterator[Region]:
    """Regions of the missing questions; a start without a label takes the first that its definition still lacks."""
    left = list(missing)
    for opened, last in _pairs(notebook, template, given, missing, taken):
        around = _around(opened.cell.source, opened.first)
        fits = [fence for fence in left if fence.question == opened.question] if opened.question else []
        if not opened.question:
            fits = [fence for fence in left if fence.inside & around or not fence.inside]
        if not fits:
            continue
        left.remove(fits[0])
        text = "\n".join(opened.cell.source.split("\n")[opened.first - 1 : last])
        yield Region(
            question=fits[0].question, cell=opened.cell.index, first_line=opened.first, last_line=last, text=text
        )


def _pairs(
    notebook: NotebookRecord,
    template: StudentVersion,
    given: _Given,
    missing: list[_Fence],
    taken: set[tuple[int, int]],
) -> Iterator[tuple[_Open, int]]:
    """Damaged starts, each with the line above its end: a closing marker, the next start, or the end of its cell."""
    start = re.compile(template.markers.start if template.markers is not None else r"(?!)")
    looked_at = 0
    for cell in notebook.cells:
        if cell.kind is not CellKind.CODE or len(cell.source) > CELL_CHARS:
            continue
        opened: _Open | None = None
        lines = cell.source.split("\n")
        for number, line in enumerate(lines, start=1):
            if "#" not in line or looked_at >= _MOST_LINES:
                continue
            form = _form(line)
            if not given.words.intersection(form.split()) and not _may_be_damaged(line):
                continue
            looked_at += 1
            free = (cell.index, number) not in taken
            question = _start_of(form, given, missing) if free else None
            closes = _is_end(form, given) or start.search(line) is not None or question is not None
            if opened is not None and (closes or not free):
                yield opened, number - 1
                opened = None
            if question is not None and not _is_end(form, given):
                opened = _Open(cell, number + 1, question)
        if opened is not None:
            yield opened, len(lines)


def _start_of(form: str, given: _Given, missing: list[_Fence]) -> str | None:
    """The question of a damaged start marker, "" where its label is lost, None for any other line."""
    if len(form) < 4:
        return None
    for fence in missing:
        if fence.form.startswith(form) and _form(fence.question) in form:
            return fence.question
    near = sorted(((_alike(form, fence.form), fence.question) for fence in given.starts), reverse=True)
    if not near or near[0][0] < _ALIKE:
        return "" if any(_is_without_label(form, fence) for fence in given.starts) else None
    clear = len(near) == 1 or near[0][0] > near[1][0]
    wanted = {fence.question for fence in missing}
    labels = [
        fence
        for fence in missing
        if fence.question.casefold().translate(_CONFUSED) in form.translate(_CONFUSED).split()
    ]
    if len(labels) == 1:
        return labels[0].question
    return near[0][1] if clear and near[0][1] in wanted else ""


def _is_without_label(form: str, fence: _Fence) -> bool:
    """True for the words of a start marker before its label: "start of your code"."""
    label = re.sub(r"[\W_]+", " ", fence.question).strip().casefold()
    head = fence.form.split(f" {label}")[0].strip()
    short = head.removesuffix("question").strip()
    return bool(head) and form in (head, short) and len(form) > 4


def _is_end(form: str, given: _Given) -> bool:
    if form in given.ends:
        return True
    best_end = max((_alike(form, end) for end in given.ends), default=0.0)
    best_start = max((_alike(form, fence.form) for fence in given.starts), default=0.0)
    return best_end >= _ALIKE and best_end > best_start


@lru_cache(maxsize=8192)
def _alike(one: str, other: str) -> float:
    """0 to 1; letters that look alike count as equal."""
    matcher = difflib.SequenceMatcher(None, one.translate(_CONFUSED), other.translate(_CONFUSED), autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE else 0.0


def _may_be_damaged(line: str) -> bool:
    """True for a comment in capitals, or one with two signs, as markers are."""
    text = line.lstrip()
    return text.startswith("##") or (text.startswith("#") and text.upper() == text and len(text) > 6)


def _form(line: str) -> str:
    """A line as words: without case, signs and spacing."""
    return " ".join(re.findall(r"[^\W_]+", line[:_MOST_CHARS].casefold()))


def _around(source: str, line: int) -> frozenset[str]:
    """Names of the definition in which a line stands."""
    above = [names for first, names in names_written(source) if first < line]
    return above[-1] if above else frozenset()
