"""The coursework as notebooks: the model solution, the student version made from it, and the regions to be filled.

The student version is the solution without what stands between the markers; comments that open a region belong to the
template and stay. Answer cells (tag `answer`) keep what follows `template:` in their metadata, or become empty.
"""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from grader.errors import RubricError
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Markers, Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """The lines between a pair of markers."""

    question: str
    cell: int
    first_line: int
    """Line of the cell, from 1, just below the start marker."""
    last_line: int
    """Just above the end marker; `first_line - 1` when nothing stands between."""
    text: str


def regions(notebook: NotebookRecord, markers: Markers | None) -> tuple[Region, ...]:
    """All fenced regions of a notebook, in order; end markers carry no label and are paired by order within a cell."""
    if markers is None:
        return ()
    known = _REGIONS.get(id(notebook))
    if known is None or known[0] is not notebook or known[1] != markers:
        found = tuple(
            Region(question=question, cell=cell.index, first_line=first, last_line=last, text=text)
            for cell in notebook.cells
            if cell.kind is CellKind.CODE
            for question, first, last, text in _fenced(cell.source, markers.start, markers.end)
        )
        while len(_REGIONS) >= _NOTEBOOKS_KEPT:
            del _REGIONS[next(iter(_REGIONS))]
        known = _REGIONS[id(notebook)] = notebook, markers, found
    return known[2]


_NOTEBOOKS_KEPT = 4
_REGIONS: dict[int, tuple[NotebookRecord, Markers, tuple[Region, ...]]] = {}
"""Of the notebooks that were last looked at, by identity: every check asks anew for the same few."""


@lru_cache(maxsize=1024)
def _fenced(source: str, start: str, end: str) -> tuple[tuple[str, int, int, str], ...]:
    """Question, first and last line, and text of the regions of a cell; kept, since most cells are the template's."""
    opens, closes = re.compile(start), re.compile(end)
    found = []
    lines = source.split("\n")
    open_at: tuple[str, int] | None = None
    for number, line in enumerate(lines, start=1):
        opening = opens.search(line)
        if opening:
            open_at = (opening.group("question"), number + 1)
        elif open_at is not None and closes.search(line):
            question, first = open_at
            found.append((question, first, number - 1, "\n".join(lines[first - 1 : number - 1])))
            open_at = None
    return tuple(found)


@lru_cache(maxsize=4096)
def normalise(source: str) -> str:
    """Code without comments, blank lines and differences of spacing, for "is this still the template?"."""
    kept: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
                continue
            kept.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        return " ".join(re.sub(r"#[^\n]*", "", source).split())
    return " ".join(part for part in kept if part)


def normalise_text(source: str) -> str:
    """Prose without differences of spacing and case."""
    return " ".join(source.split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a rubric says about where the answer to a question stands."""

    question: str
    title: str = ""
    places: tuple[tuple[str, str], ...] = ()
    """Pairs of regular expressions: of the line below which an answer stands, and of that at which it ends or ""."""
    names: tuple[str, ...] = ()
    """Names to which answers are assigned, and those of definitions that are asked for."""


def asked_of(rubric: Rubric) -> tuple[Asked, ...]:
    """The questions of a rubric, by the parameters that all kinds of answers share."""
    return tuple(
        Asked(
            question=question.id,
            title=question.title,
            places=tuple(dict.fromkeys(place for check in question.checks for place in _places(check.parameters))),
            names=tuple(dict.fromkeys(name for check in question.checks for name in _names(check.parameters))),
        )
        for question in rubric.questions
    )


def _places(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    after, before = parameters.get("after"), parameters.get("before", "")
    return [(after, before)] if isinstance(after, str) and after and isinstance(before, str) else []


def _names(parameters: dict[str, Any]) -> list[str]:
    answers = parameters.get("answers")
    named = [parameters.get("variable"), parameters.get("target"), *(answers if isinstance(answers, dict) else ())]
    return [name for name in named if isinstance(name, str) and name.isidentifier()]


class StudentVersion:
    """The template that students get, and questions about it."""

    def __init__(self, notebook: NotebookRecord, markers: Markers | None, asked: tuple[Asked, ...] = ()) -> None:
        self.notebook = notebook
        self.markers = markers
        self.asked = asked

    @cached_property
    def _regions(self) -> dict[str, str]:
        return {region.question: normalise(region.text) for region in regions(self.notebook, self.markers)}

    @cached_property
    def _texts(self) -> frozenset[str]:
        return frozenset(normalise_text(cell.source) for cell in self.notebook.cells)

    def region_is_blank(self, region: Region) -> bool:
        """True if a student's region is empty or still what the template had there."""
        given = self._regions.get(region.question)
        if not given and any(line.strip() and not line.lstrip().startswith("#") for line in region.text.split("\n")):
            return False  # a line of code, and none in the template
        text = normalise(region.text)
        return not text or text == given

    def has_cell(self, source: str) -> bool:
        """True if the template has a cell with this text, spacing and case apart."""
        return normalise_text(source) in self._texts


def solution_notebook(rubric: Rubric) -> NotebookRecord:
    """The model solution.

    Raises:
        RubricError: if it is missing or no notebook.
    """
    import nbformat  # only here: scoring workers are handed the template and do without

    path = rubric.folder / rubric.solution
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise RubricError(
            "rubric-no-solution", f"the model solution cannot be read: {error}", where=str(path)
        ) from error
    return NotebookRecord(
        source_name=path.name,
        format="ipynb",
        cells=tuple(
            NotebookCell(index=index, kind=_kind_of(cell.cell_type), source=cell.source, labels=_labels_of(cell))
            for index, cell in enumerate(notebook.cells)
        ),
    )


def student_version(rubric: Rubric) -> StudentVersion:
    """The template, made from the model solution.

    Raises:
        RubricError: if the solution cannot be read.
    """
    import nbformat

    path = rubric.folder / rubric.solution
    solution = solution_notebook(rubric)
    metadata = nbformat.read(path, as_version=4).cells
    cells = tuple(
        cell.model_copy(update={"source": _template_of(cell, metadata[cell.index].metadata, rubric.markers)})
        for cell in solution.cells
    )
    return StudentVersion(solution.model_copy(update={"cells": cells}), rubric.markers, asked_of(rubric))


def _kind_of(cell_type: str) -> CellKind:
    return CellKind(cell_type) if cell_type in ("code", "markdown") else CellKind.OTHER


def _labels_of(cell: Any) -> tuple[str, ...]:
    """The cell's id and the id that an assignment tool gave it; tags are the instructor's own and do not go out."""
    named = (cell.get("id"), cell.metadata.get("id"), cell.metadata.get("nbgrader", {}).get("grade_id"))
    return tuple(dict.fromkeys(label for label in named if isinstance(label, str) and label))


def _template_of(cell: NotebookCell, metadata: dict[str, Any], markers: Markers | None) -> str:
    """A cell of the student version: the tagged template, or the source with its regions emptied."""
    if "template" in metadata:
        return str(metadata["template"])
    if "answer" in metadata.get("tags", ()):
        return ""
    if markers is None or cell.kind is not CellKind.CODE:
        return cell.source
    start, end = re.compile(markers.start), re.compile(markers.end)
    kept: list[str] = []
    inside, leading = False, False
    for line in cell.source.split("\n"):
        if inside and end.search(line):
            inside = False
        if not inside or (leading and (line.lstrip().startswith("#") or not line.strip())):
            kept.append(line)
        else:
            leading = False
        if start.search(line):
            inside, leading = True, True
    return "\n".join(kept)
