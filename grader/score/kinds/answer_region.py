"""The part of a notebook that belongs to a question: its cells with their texts, stored outputs and pictures."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import field_validator

from grader.records import CellKind, NotebookCell, NotebookRecord, Record
from grader.score.source_text import CELL_CHARS, parsed

_LINE_CHARS = 2_000
_COMMENT = re.compile(r"^\s*#+ ?")


class AnswerRegion(Record):
    """Where to look: below a line, up to another. Without them, in the whole notebook."""

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


def pieces(notebook: NotebookRecord, region: AnswerRegion) -> tuple[Piece, ...]:
    """The cells of a region, as far as they lie in it; none if its first line is not there.

    The stored outputs of a code cell belong to the region in which the cell ends.
    """
    opening = re.compile(region.after) if region.after else None
    closing = re.compile(region.before) if region.before else None
    inside, found = opening is None, list[Piece]()
    for cell in notebook.cells:
        kept: list[str] = []
        lines = cell.source.split("\n")
        ended = False
        for line in lines:
            if not inside:
                inside = opening is not None and opening.search(line[:_LINE_CHARS]) is not None
            elif closing is not None and closing.search(line[:_LINE_CHARS]):
                ended = True
                break
            else:
                kept.append(line)
        if inside:
            found.append(Piece(cell=cell, source="\n".join(kept), ends=not ended))
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
