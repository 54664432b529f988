"""What the parts of the maker share: the register of samples, the model solution to start from, the student version."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from sample_kit import Make, Notebook, variants, zipped  # noqa: E402 - the folder above has to be found first

from grader.coursework import student_version  # noqa: E402 - the same
from grader.records import CellKind  # noqa: E402 - the same
from grader.rubric import load_rubric  # noqa: E402 - the same

RUBRIC = ROOT / "rubrics" / "imperial_cw3"
VARIANTS = variants(HERE / "_variants")
NAME = "CW3_RNNs.ipynb"
SAMPLES: dict[str, Make] = {}


def solution(**answers: str) -> Notebook:
    """The model solution, with blocks of `_variants` between the markers (`q1b="figo"`)."""
    notebook = Notebook(RUBRIC / "solution.ipynb")
    for question, name in answers.items():
        notebook.answer(question.removeprefix("q"), VARIANTS[question.removeprefix("q")][name])
    return notebook


def handed_in(notebook: Notebook) -> bytes:
    """A zip with nothing but the notebook in it."""
    return zipped({NAME: notebook.bytes()})


def sample(file_name: str) -> Callable[[Make], Make]:
    """Register what makes the bytes of a sample."""

    def register(make: Make) -> Make:
        SAMPLES[file_name] = make
        return make

    return register


def trained(notebook: Notebook, log: str) -> Notebook:
    """The notebook after a run of all cells: numbers, and the log that the training cell printed in that run."""
    return notebook.executed().printed("training", (HERE / "_variants" / f"{log}.log").read_text(encoding="utf-8"))


def template_of(identifier: str) -> str:
    """A cell as the student version has it."""
    notebook = Notebook(RUBRIC / "solution.ipynb")
    number = notebook.cells.index(notebook.cell(identifier))
    return student_version(load_rubric(RUBRIC)).notebook.cells[number].source


def blank() -> Notebook:
    """The student version."""
    notebook = Notebook(RUBRIC / "solution.ipynb")
    template = student_version(load_rubric(RUBRIC)).notebook
    for cell, given in zip(notebook.cells, template.cells, strict=True):
        assert given.kind is CellKind(cell["cell_type"])
        cell["source"] = given.source.splitlines(keepends=True)
    return notebook
