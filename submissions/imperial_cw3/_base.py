"""What the parts of the maker share: the register of samples, the model solution to start from, the student version."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from sample_kit import Notebook, Samples, variants  # noqa: E402 - the folder above has to be found first

KIT = Samples(ROOT / "rubrics" / "imperial_cw3", "CW3_RNNs.ipynb")
NAME, RUBRIC, PLANTED, SAMPLES = KIT.name, KIT.rubric, KIT.planted, KIT.made
VARIANTS = variants(HERE / "_variants")
sample, handed_in, blank, template_of = KIT.sample, KIT.handed_in, KIT.blank, KIT.template_of


def solution(*headings: str, questions: Sequence[str] = (), **answers: str) -> Notebook:
    """The model solution with what the rubric plants, and with blocks of `_variants`.

    Args:
        headings: of mutants and alternatives.
        questions: as `Samples.solution` takes them.
        answers: name of a block of `_variants` by question (`q1b="talkative"`).
    """
    notebook = KIT.solution(*headings, questions=questions)
    for question, name in answers.items():
        notebook.answer(question.removeprefix("q"), VARIANTS[question.removeprefix("q")][name])
    return notebook


def trained(notebook: Notebook, log: str) -> Notebook:
    """The notebook after a run of all cells: numbers, and the log that the training cell printed in that run."""
    return notebook.executed().printed("training", (HERE / "_variants" / f"{log}.log").read_text(encoding="utf-8"))
