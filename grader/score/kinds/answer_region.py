"""The part of a notebook that belongs to a question: its cells with their texts, stored outputs and pictures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import field_validator

from grader.coursework import StudentVersion
from grader.records import CellKind, NotebookCell, NotebookRecord, Record
from grader.score.locate import Place, locate
from grader.score.locate.ways import shortened
from grader.score.source_text import CELL_CHARS, parsed

_LINE_CHARS = 2_000
_COMMENT = re.compile(r"^\s*#+ ?")


class AnswerRegion(Record):
    """Where to look: below a line, up to another; without them, or where they are not there, in the own place."""

    after: str = ""
    """Regular expression of the line below which the answer stands."""
    before: str = ""
    """Regular expression of the line at which it ends; without one, the end of the notebook."""

    @field_validator("after", "before")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What of a cell lies in a region."""

    cell: NotebookCell
    source: str
    """Its lines in the region."""
    ends: bool
    """True if the cell ends in the region, so that what it printed and drew belongs there."""
    how: str = ""
    """How it was found, in words that follow "found"; empty where the whole notebook is looked at."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the cell printed, if that belongs to the region."""
        return self.cell.outputs if self.ends else ()

    @property
    def prose(self) -> str:
        """Text for people: markdown whole; of code the comments, and texts that stand by themselves or get a name."""
        if self.cell.kind is not CellKind.CODE:
            return self.source
        comments = [_COMMENT.sub("", line) for line in self.source.split("\n") if line.lstrip().startswith("#")]
        return "\n".join([*comments, *_texts(self.source)])


def pieces_of(
    notebook: NotebookRecord, region: AnswerRegion, template: StudentVersion, question: str
) -> tuple[Piece, ...]:
    """The cells of an answer, as far as they belong to it; none if neither its lines nor its place are there.

    The stored outputs of a code cell belong to the answer in which the cell ends.

    Args:
        notebook: the hand-in.
        region: the lines that the rubric names.
        template: the student version, by which a question's place is known where the rubric names no lines, or where a
            student's notebook has them not.
        question: its id.
    """
    named = pieces(notebook, region) if region.after or region.before else ()
    if named:
        return named
    located = locate(notebook, template, region.after, region.before)
    target = located.outline.target_of(question, region.after, region.before)
    if target is None:
        return pieces(notebook, region)
    places: dict[int, list[Place]] = {}
    for place in located.region(target):
        places.setdefault(place.cell, []).append(place)
    last = {one.cell: max(one.last_line, 0) for one in located.whole}
    cells = {cell.index: cell for cell in notebook.cells}
    return tuple(_piece(cells[index], mine, last.get(index, 0)) for index, mine in places.items())


def _piece(cell: NotebookCell, places: list[Place], last: int) -> Piece:
    """The lines of a cell that some places cover, and the answer that stands on the line of a heading."""
    lines = cell.source.split("\n")
    numbers = sorted({number for one in places for number in range(one.first_line, one.last_line + 1)})
    kept = [lines[number - 1] for number in numbers if 0 < number <= len(lines)]
    behind = [one.rest for one in places if one.rest]
    how = min(places, key=lambda one: one.way.rank).how
    return Piece(cell=cell, source="\n".join([*behind, *kept]), ends=numbers[-1:] >= [last], how=how)


def pieces(notebook: NotebookRecord, region: AnswerRegion) -> tuple[Piece, ...]:
    """The cells between the lines of a region, as far as they lie in it; none if its first line is not there."""
    opening = re.compile(region.after) if region.after else None
    closing = re.compile(region.before) if region.before else None
    inside, found, how = opening is None, list[Piece](), ""
    for cell in notebook.cells:
        kept: list[str] = []
        lines = cell.source.split("\n")
        ended = False
        for line in lines:
            if not inside:
                inside = opening is not None and opening.search(line[:_LINE_CHARS]) is not None
                how = f"below the heading “{shortened(line[:_LINE_CHARS])}”" if inside else ""
            elif closing is not None and closing.search(line[:_LINE_CHARS]):
                ended = True
                break
            else:
                kept.append(line)
        if inside:
            found.append(Piece(cell=cell, source="\n".join(kept), ends=not ended, how=how))
        if ended:
            break
    return tuple(found)


def _texts(source: str) -> Iterator[str]:
    if len(source) > CELL_CHARS:
        return
    for node in parsed(source):
        value = getattr(node, "value", None)
        text = value.value if isinstance(value, ast.Constant) else None
        if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) and isinstance(text, str):
            yield text
