"""A small coursework in a folder, for tests of what is planted in it; and an oracle that knows four mistakes."""

from __future__ import annotations

import json
from pathlib import Path

from helpers.marks_builders import Mistake

from grader.rubric import Rubric, load_rubric

RUBRIC = """\
title: Two steps
markers: {start: '# begin (?P<question>\\w+)', end: '# end'}
questions:
  - id: one
    title: The first step
    marks: 4
    checks:
      - {id: loop, kind: model, marks: 4, credit: {named: 0.5, unnamed: 0}, charge: {step.harmless: none}}
  - {id: two, title: The second step, marks: 2, kind: cell, credit: {named: 0.25, step.late: 0.75}}
  - {id: why, title: Why, marks: 3, kind: text}
"""
CELLS = [
    ("intro", "markdown", "Two steps."),
    ("steps", "code", "def first(x):\n    # begin one\n    y = x + 1\n    return y\n    # end\n\n\nLAST = 1\n"),
    ("more", "code", "# begin two\nsecond = first\n# end"),
]


class Oracle:
    """Knows four mistakes, one of them harmless in its effect."""

    known = {
        "step.early": Mistake(id="step.early", title="One step too early"),
        "step.late": Mistake(id="step.late", title="One step too late"),
        "step.harmless": Mistake(id="step.harmless", title="A step that costs nothing"),
        "step.other_way": Mistake(id="step.other_way", title="The other way round", effect="equivalent"),
    }

    def describe(self, mistake: str) -> Mistake:
        return self.known[mistake]

    def nearest_mistakes(self, prefix: str) -> list[str]:
        return [name for name in self.known if name.startswith(prefix)]


def coursework(folder: Path, *, mutants: str = "", alternatives: str = "") -> Rubric:
    """The coursework with these files."""
    folder.mkdir(exist_ok=True)
    (folder / "rubric.yaml").write_text(RUBRIC, encoding="utf-8")
    cells = []
    for identifier, kind, source in CELLS:
        cell = {"cell_type": kind, "id": identifier, "metadata": {"tags": ["kept-out"]}}
        extra = {"execution_count": None, "outputs": []} if kind == "code" else {}
        cells.append({**cell, **extra, "source": source.splitlines(keepends=True)})
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "solution.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    for kind, text in (("mutants", mutants), ("alternatives", alternatives)):
        (folder / kind).mkdir(exist_ok=True)
        if text:
            (folder / kind / "file.txt").write_text(text, encoding="utf-8")
    return load_rubric(folder)
