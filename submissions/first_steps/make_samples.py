"""Makes the sample hand-ins beside this file from the model solution.

.venv/bin/python submissions/first_steps/make_samples.py [--check] [--out FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(ROOT)]

from sample_kit import Notebook, run, zipped  # noqa: E402

from grader.coursework import student_version  # noqa: E402
from grader.rubric import load_rubric  # noqa: E402

RUBRIC = load_rubric(ROOT / "rubrics" / "first_steps")


def handed_in(**answers: str) -> bytes:
    """The model solution with other answers: between markers, or (`dying`) in a cell."""
    notebook = Notebook(RUBRIC)
    for name, text in answers.items():
        if name == "dying":
            notebook.write(name, text)
        else:
            notebook.answer(name, text)
    return zipped({"first_steps.ipynb": notebook.bytes()})


def right() -> bytes:
    """The model solution."""
    return handed_in()


def right_otherwise() -> bytes:
    """The same answers in other words: a sum by einsum, ReLU as a method, the option in capitals."""
    return handed_in(
        softmax="e = np.exp(x - np.amax(x, 1)[:, None])\nreturn e / np.einsum('ij->i', e)[:, None]",
        network="active = self.hidden(x).clamp(min=0)\nreturn self.output(active)",
        dying="dying = 'B)'",
    )


def overflow() -> bytes:
    """Softmax without the shift: right for small scores, not a number for large ones."""
    return handed_in(softmax="e = np.exp(x)\nreturn e / e.sum(axis=1, keepdims=True)")


def mistakes() -> bytes:
    """Softmax over the wrong axis, no ReLU in the network, another option."""
    return handed_in(
        softmax="e = np.exp(x - x.max())\nreturn e / e.sum(axis=0)",
        network="return self.output(self.hidden(x))",
        dying='dying = "c"',
    )


def blank() -> bytes:
    """The student version as it was given out."""
    notebook = Notebook(RUBRIC)
    template = student_version(RUBRIC).notebook
    for cell, given in zip(notebook.cells, template.cells, strict=True):
        cell["source"] = given.source.splitlines(keepends=True)
    return zipped({"first_steps.ipynb": notebook.bytes()})


SAMPLES = {
    "f1-right.zip": right,
    "f2-right-otherwise.zip": right_otherwise,
    "f3-overflow.zip": overflow,
    "f4-mistakes.zip": mistakes,
    "f5-blank.zip": blank,
}

if __name__ == "__main__":
    sys.exit(run(SAMPLES, HERE, RUBRIC))
