"""A small coursework in which a derivation may be answered by a function, and the cells of hand-ins."""

from __future__ import annotations

import json
from pathlib import Path

from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Rubric, load_rubric

RUBRIC = """\
title: Gradients
questions:
  - id: w
    title: The gradient of the weights
    marks: 12
    show: gap
    kind: derivation
    after: ANSWER
    before: END
    setting: &setting
      sizes: {d: 3, n: 4}
      symbols:
        W: n d
        x: d
        y: n
      lines:
        - a = W x
        - s = \\sigma(a)
        - L = \\frac{1}{2} (s - y)^T (s - y)
      spellings: {E: L}
    by: W
    function: weight_gradient
    arguments: [W, x, y]
    wrong: {no_slope: {answer: (s - y) x^T, says: You left out the slope of the sigmoid., next_step: Derive s by a.}}
    shares: &shares [{function: \\sigma, wrong: {slip: s (1 - s^2)}}]
    credit: {no_slope: 0.25, slip: 0.75}
  - id: x
    title: The gradient of the input
    marks: 12
    show: gap
    uses: [w]
    kind: derivation
    after: INPUT
    before: END
    setting: *setting
    by: x
    function: input_gradient
    arguments: {W: W, sigmoid: s, target: y}
    returned: [dx, 0]
    shares: *shares
  - id: t
    title: The gradient of the weights as they are
    marks: 12
    show: gap
    kind: derivation
    after: STRICT
    before: END
    setting: *setting
    by: W
    layout: given
    function: strict_gradient
    arguments: [W, x, y]
    arrays: torch
  - id: j
    title: The Jacobian of softmax
    marks: 12
    show: gap
    kind: derivation
    after: JACOBIAN
    before: END
    setting:
      sizes: {K: 5}
      symbols: {p: K}
      lines: ['q = \\softmax(p)']
      lines_at_size_one: ['q = \\sigma(p)']
      of: q
    by: p
    function: softmax_jacobian
    arguments: [p]
"""
HEADINGS = ("ANSWER", "INPUT", "STRICT", "JACOBIAN")
RIGHT = """\
import numpy as np
def weight_gradient(W, x, y):
    s = 1 / (1 + np.exp(-W @ x))
    return np.outer((s - y) * s * (1 - s), x)
"""
"""Right for vectors with one axis and with two."""


STUB = "def weight_gradient(W, x, y):\n    return W\n"
"""What the template has."""


def function(returned: str, before: str = "") -> str:
    """A function that returns this."""
    lines = [f"    {before}"] if before else []
    head = ["import numpy as np, torch", "def weight_gradient(W, x, y):"]
    return (
        "\n".join([*head, *lines, "    s = 1 / (1 + np.exp(-W @ x))", "    scale = 1", f"    return {returned}"]) + "\n"
    )


def hand_in(*code: str, **written: str) -> NotebookRecord:
    """A notebook with what is written in the answer cells, by their headings, and code cells."""
    texts = [(CellKind.MARKDOWN, f"{head}\n{written.get(head, '')}\nEND") for head in HEADINGS]
    sources = [*texts, *((CellKind.CODE, text) for text in code)]
    cells = tuple(NotebookCell(index=place, kind=kind, source=text) for place, (kind, text) in enumerate(sources))
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=cells)


def coursework(folder: Path, rubric: str = RUBRIC) -> Rubric:
    """The coursework in a new folder."""
    folder.mkdir(exist_ok=True)
    (folder / "rubric.yaml").write_text(rubric, encoding="utf-8")
    cells = [{"cell_type": "markdown", "metadata": {}, "source": f"{head}\n\nEND"} for head in HEADINGS]
    code = {"cell_type": "code", "metadata": {}, "source": STUB, "execution_count": None, "outputs": []}
    content = {"cells": [*cells, code], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / "solution.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return load_rubric(folder)
