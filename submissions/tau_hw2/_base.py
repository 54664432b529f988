"""What the parts of the maker share: the register of samples, the model solution to start from, the student version."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from sample_kit import Make, Notebook, variants, zipped  # noqa: E402 - the folder above has to be found first

from grader.coursework import student_version  # noqa: E402 - the same
from grader.records import CellKind  # noqa: E402 - the same
from grader.rubric import load_rubric  # noqa: E402 - the same
from grader.workshop.planted import read_planted  # noqa: E402 - the same
from grader.workshop.planting import apply  # noqa: E402 - the same

RUBRIC = load_rubric(ROOT / "rubrics" / "tau_hw2")
PLANTED = {
    planted.title: planted for kind in ("mutants", "alternatives") for planted in read_planted(RUBRIC.folder, kind)
}
VARIANTS = variants(HERE / "_variants")
NAME = "hw2.ipynb"
SAMPLES: dict[str, Make] = {}


def solution(*headings: str, questions: Sequence[str] = (), answers: Mapping[str, str] | None = None) -> Notebook:
    """The model solution with mutants and alternatives of the rubric's, and with answers of `_variants`.

    Args:
        headings: of mutants and alternatives.
        questions: of those only what goes between the markers of these questions; everything if there are none.
        answers: name of a block of `_variants` by question; it becomes the answer's cell.
    """
    notebook = Notebook(RUBRIC)
    for heading in headings:
        for edit in PLANTED[heading].edits:
            if not questions or edit.target in questions:
                apply(notebook, edit, "more")
    for question, name in (answers or {}).items():
        notebook.write(f"answer-{question.lower()}", VARIANTS[question][name])
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
    return blank().source(identifier)


def blank() -> Notebook:
    """The student version."""
    notebook = Notebook(RUBRIC)
    for cell, given in zip(notebook.cells, student_version(RUBRIC).notebook.cells, strict=True):
        assert given.kind is CellKind(cell["cell_type"])
        cell["source"] = given.source.splitlines(keepends=True)
    return notebook
