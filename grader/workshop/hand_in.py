"""A hand-in in the making: the model solution as a notebook, to be edited.

Every edit says what it expects to find, so that a changed solution cannot make a hand-in quietly meaningless.
"""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import Any, Self

from grader.errors import RubricError
from grader.rubric import Markers, Rubric


class HandIn:
    """The cells of the model solution, without their metadata.

    Args:
        rubric: the coursework.
        where: file and line that describe this hand-in, for messages.

    Raises:
        RubricError: if the model solution cannot be read.
    """

    def __init__(self, rubric: Rubric, where: str = "") -> None:
        path = rubric.folder / rubric.solution
        try:
            self.content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            cells = self.cells
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RubricError(
                "rubric-no-solution", f"the model solution cannot be read: {error}", where=str(path)
            ) from error
        self._markers: Markers | None = rubric.markers
        self._where = where or str(path)
        for cell in cells:
            cell["metadata"] = {}

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The cells as JSON."""
        found: list[dict[str, Any]] = self.content["cells"]
        return found

    def cell(self, identifier: str) -> dict[str, Any]:
        """The cell of that id.

        Raises:
            RubricError: if there is none.
        """
        for cell in self.cells:
            if cell.get("id") == identifier:
                return cell
        known = [str(cell["id"]) for cell in self.cells if "id" in cell]
        near = get_close_matches(identifier, known, n=1)
        raise RubricError(
            "hand-in-unknown-cell",
            f'the model solution has no cell with the id "{identifier}"',
            where=self._where,
            next_step=f'did you mean "{near[0]}"?' if near else f"its cells are {', '.join(known) or 'without ids'}",
        )

    def source(self, identifier: str) -> str:
        """The text of a cell."""
        return "".join(self.cell(identifier)["source"])

    def write(self, identifier: str, source: str) -> Self:
        """Give a cell another text."""
        self.cell(identifier)["source"] = source.splitlines(keepends=True)
        return self

    def replace(self, identifier: str, old: str, new: str) -> Self:
        """Replace the only occurrence of a text in a cell.

        Raises:
            RubricError: if it does not occur exactly once.
        """
        source = self.source(identifier)
        if source.count(old) != 1:
            raise RubricError(
                "hand-in-text-not-found",
                f'"{old}" occurs {source.count(old)} times in the cell "{identifier}" of the model solution, not once',
                where=self._where,
                next_step="give a longer text, or one that is there",
            )
        return self.write(identifier, source.replace(old, new))

    def answer(self, question: str, text: str) -> Self:
        """Put code between the markers of a question, at their depth.

        Raises:
            RubricError: if no cell has such markers.
        """
        for cell in self.cells:
            lines = "".join(cell["source"]).split("\n")
            region = self._region(question, lines) if cell["cell_type"] == "code" else None
            if region is not None:
                first, last = region
                indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
                body = [indent + line if line else "" for line in text.rstrip("\n").split("\n")]
                cell["source"] = "\n".join([*lines[: first + 1], *body, *lines[last:]]).splitlines(keepends=True)
                return self
        raise RubricError(
            "hand-in-no-region",
            f'the model solution has no markers of question "{question}" with code between them',
            where=self._where,
            next_step="`@ replace in CELL` changes a text outside the markers",
        )

    def insert(self, identifier: str, source: str, *, before: str = "", kind: str = "code") -> Self:
        """Add a cell: before another one, or at the end."""
        cell: dict[str, Any] = {"cell_type": kind, "id": identifier, "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cell["source"] = source.splitlines(keepends=True)
        position = self.cells.index(self.cell(before)) if before else len(self.cells)
        self.cells.insert(position, cell)
        return self

    def text(self) -> str:
        """The file, as Jupyter writes it."""
        return json.dumps(self.content, indent=1, ensure_ascii=False) + "\n"

    def bytes(self) -> bytes:
        """The file in UTF-8."""
        return self.text().encode()

    def _region(self, question: str, lines: list[str]) -> tuple[int, int] | None:
        """Indices of the two marker lines of a question; None if they are not among these lines."""
        if self._markers is None:
            return None
        start, end = re.compile(self._markers.start), re.compile(self._markers.end)
        for first, line in enumerate(lines):
            opening = start.search(line)
            if opening and opening.group("question") == question:
                closing = (number for number in range(first + 1, len(lines)) if end.search(lines[number]))
                last = next(closing, None)
                return None if last is None else (first, last)
        return None
