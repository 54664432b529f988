"""Hand-ins of the two courseworks with an answer of its own to every question, changed as students change notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Self

from grader.coursework import StudentVersion, student_version
from grader.intake.notebook_file import read_notebook
from grader.intake.script_file import read_script
from grader.limits import IntakeLimits
from grader.records import NotebookRecord
from grader.rubric import Rubric, load_rubric

RUBRICS = Path(__file__).resolve().parents[2] / "rubrics"
TEXTS = {
    "T1": "The product of many slopes below one shrinks, wordone.",
    "T2": "The state is carried on by a sum, wordtwo.",
    "T3": "The third curve is the lowest of all, wordthree.",
    "T4": "The small one for short series, wordfour.",
    "shift": "The factor stands above and below the line, wordfive.",
}
"""Question -> an answer with a word that no other has."""
WORD = {question: re.findall(r"word\w+", text)[0] for question, text in TEXTS.items()}


@cache
def course(name: str) -> tuple[Rubric, StudentVersion]:
    """A coursework with its student version."""
    rubric = load_rubric(RUBRICS / name)
    return rubric, student_version(rubric)


class HandedIn:
    """The student version of a coursework, answered; every cell has an id, as the format has it since 4.5."""

    def __init__(self, name: str) -> None:
        self.rubric, self.template = course(name)
        self.cells: list[dict[str, Any]] = [
            {"id": cell.labels[0], "cell_type": cell.kind.value, "metadata": {}, "source": cell.source}
            for cell in self.template.notebook.cells
        ]
        for cell in self.cells:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}

    def cell(self, identifier: str) -> dict[str, Any]:
        """The first cell of that id."""
        return next(cell for cell in self.cells if cell["id"] == identifier)

    def write(self, identifier: str, source: str) -> Self:
        """Give a cell another text."""
        self.cell(identifier)["source"] = source
        return self

    def replace(self, identifier: str, old: str, new: str) -> Self:
        """Replace a text that a cell has."""
        source = self.cell(identifier)["source"]
        assert old in source, f"{identifier} has no {old!r}"
        return self.write(identifier, source.replace(old, new))

    def add(self, source: str, *, kind: str = "markdown", before: str = "", identifier: str = "new") -> Self:
        """Add a cell before another one, or at the end."""
        cell: dict[str, Any] = {"id": identifier, "cell_type": kind, "metadata": {}, "source": source}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        place = self.cells.index(self.cell(before)) if before else len(self.cells)
        self.cells.insert(place, cell)
        return self

    def move(self, identifier: str, *, before: str = "") -> Self:
        """Move a cell before another one, or to the end."""
        cell = self.cell(identifier)
        self.cells.remove(cell)
        place = self.cells.index(self.cell(before)) if before else len(self.cells)
        self.cells.insert(place, cell)
        return self

    def delete(self, *identifiers: str) -> Self:
        """Delete cells."""
        for identifier in identifiers:
            self.cells.remove(self.cell(identifier))
        return self

    def convert(self, identifier: str, kind: str) -> Self:
        """Turn a cell into one of another kind."""
        cell = self.cell(identifier)
        cell["cell_type"] = kind
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
        return self

    def without_ids(self) -> Self:
        """As an old format or another editor saves the notebook."""
        for number, cell in enumerate(self.cells):
            cell["id"] = f"x{number}"
        return self

    def everywhere(self, change: Callable[[str], str]) -> Self:
        """Change the text of every cell."""
        for cell in self.cells:
            cell["source"] = change(cell["source"])
        return self

    def record(self) -> NotebookRecord:
        """The notebook as intake reads it."""
        document = {"cells": self.cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return read_notebook(json.dumps(document).encode(), source_name="n.ipynb", limits=IntakeLimits())

    def script(self) -> NotebookRecord:
        """The same after an editor exported it as a script."""
        parts = []
        for cell in self.cells:
            if cell["cell_type"] == "code":
                parts.append(f"# %%\n{cell['source']}\n")
            else:
                commented = "\n".join(f"# {line}".rstrip() for line in cell["source"].split("\n"))
                parts.append(f"# %% [markdown]\n{commented}\n")
        return read_script("\n".join(parts).encode(), source_name="n.py", limits=IntakeLimits())


def theory() -> HandedIn:
    """The coursework with four questions in prose, each answered in the cell that was given for it."""
    made = HandedIn("imperial_cw3")
    made.replace("theory-1-answer", "problem:", f"problem: {TEXTS['T1']}")
    made.write("theory-2-answer", TEXTS["T2"])
    made.write("theory-3-reasons", TEXTS["T3"])
    made.replace("theory-4-answer", "RNN is best:", f"RNN is best: {TEXTS['T4']}")
    made.replace("theory-3-labels", "A_model = ''", "A_model = 'GRU'")
    return made


def steps() -> HandedIn:
    """The small coursework, answered."""
    return HandedIn("first_steps").write("shift", TEXTS["shift"]).write("dying", 'dying = "b"')


def places(rubric: Rubric) -> Iterable[tuple[str, str, str]]:
    """Question, `after` and `before` of every answer in prose."""
    for question in rubric.questions:
        for check in question.checks:
            if "after" in check.parameters:
                yield question.id, check.parameters["after"], check.parameters.get("before", "")
