"""Whether a student wrote anything for a question, beside what the template gave."""

from __future__ import annotations

import re
from functools import lru_cache

from grader.coursework import StudentVersion, normalise, regions
from grader.records import CellKind, NotebookRecord
from grader.score.locate import fenced_regions
from grader.score.source_text import segments


def nothing_written(
    question: str, subjects: tuple[str, ...], notebook: NotebookRecord, template: StudentVersion, *, anywhere: bool
) -> bool:
    """True if the question's regions are blank and its names are written nowhere otherwise than in the template.

    Code outside the regions counts as written, and so does a name defined in a cell of the student's own. Where a
    question has neither regions nor names, nothing can be said: False.

    Args:
        question: its id.
        subjects: names whose definitions answer it.
        notebook: the hand-in.
        template: the student version.
        anywhere: True to count the regions of other questions, too: work may stand in the wrong one. A question
            without a region of its own is always looked at so.
    """
    asked = question.casefold()
    mine = [region for region in fenced_regions(notebook, template) if region.question.casefold() == asked]
    if any(not template.region_is_blank(region) for region in mine):
        return False
    fenced = any(region.question.casefold() == asked for region in regions(template.notebook, template.markers))
    whole = anywhere or not fenced
    if any(_written(name, notebook, template, whole=whole) for name in subjects):
        return False
    return fenced or bool(mine) or bool(subjects)


def code_in_text_cell(
    question: str, subjects: tuple[str, ...], notebook: NotebookRecord, template: StudentVersion
) -> int | None:
    """The first cell that is no code cell and holds code for a question, which was never run; None if there is none.

    Args:
        question: its id.
        subjects: names whose definitions answer it.
        notebook: the hand-in.
        template: the student version.
    """
    for cell in notebook.cells:
        if cell.kind is CellKind.CODE or _DEFINES.search(cell.source) is None:
            continue
        lines = [line for line in cell.source.split("\n") if not line.lstrip().startswith("```")]
        turned = cell.model_copy(update={"kind": CellKind.CODE, "source": "\n".join(lines)})
        alone = notebook.model_copy(update={"cells": (turned,)})
        if not nothing_written(question, subjects, alone, template, anywhere=True):
            return cell.index
    return None


_DEFINES = re.compile(r"^\s*(?:class|def)\s+\w", re.MULTILINE)


def cells_of(question: str, subjects: tuple[str, ...], notebook: NotebookRecord, template: StudentVersion) -> set[int]:
    """Cells that hold the question's regions or write one of its names."""
    asked = question.casefold()
    cells = {region.cell for region in fenced_regions(notebook, template) if region.question.casefold() == asked}
    for name in subjects:
        cells.update(cell for cell, _, _ in segments(notebook, name))
    return cells


def _written(name: str, notebook: NotebookRecord, template: StudentVersion, *, whole: bool) -> bool:
    """True if the notebook writes the name otherwise than the template does, spacing and comments apart."""
    given = _texts(name, template.notebook, template, whole=whole)
    own = [text for text in _texts(name, notebook, template, whole=whole) if text not in given]
    characters = {_characters(text) for text in given}
    if any(_characters(text) not in characters for text in own if not _HASH_IN_QUOTES.search(text)):
        return True
    known = {normalise(text) for text in given}
    return any(normalise(text) not in known for text in own)


_HASH_IN_QUOTES = re.compile(r"[\"'][^\n]*#")
_IGNORED = re.compile(r"#[^\n]*|\\\n|\s+")


@lru_cache(maxsize=1024)
def _characters(text: str) -> str:
    """The characters of a piece of code that are no comment and no space; what differs in them is other code."""
    return _IGNORED.sub("", text)


def _texts(name: str, notebook: NotebookRecord, template: StudentVersion, *, whole: bool) -> list[str]:
    """What the notebook writes under a name; the fenced regions left out unless `whole`."""
    fenced = () if whole else fenced_regions(notebook, template)
    texts = []
    for cell, first, text in segments(notebook, name):
        mine = [(one.first_line, one.last_line) for one in fenced if one.cell == cell]
        kept = [
            line
            for number, line in enumerate(text.split("\n"), start=first)
            if not any(opens <= number <= closes for opens, closes in mine)
        ]
        texts.append("\n".join(kept))
    return texts
