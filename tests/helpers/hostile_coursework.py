"""The small coursework that the attacks aim at: its rubric, and hand-ins that are right or wrong but for some cells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from helpers.command_line import ROOT
from helpers.notebooks import notebook_bytes

from grader.limits import MIB

RUBRIC = f"""\
title: What the attacks aim at
oracle: recurrent
forbids: [torch.nn.RNN, torch.nn.RNNCell, torch.rnn_tanh_cell]

markers:
  start: '# begin (?P<question>\\w+)'
  end: '# end'

execution:
  limits:
    statement_s: 2
    probe_s: 2
    notebook_s: 90
    memory_bytes: {768 * MIB}
    scratch_bytes: {16 * MIB}
    cell_output_bytes: 20000
    notebook_output_bytes: {2 * MIB}
    evidence_bytes: {4 * MIB}
LAYERED_EXECUTION
questions:
  - {{id: softmax, title: Softmax of each row, marks: 4}}
  - {{id: step, title: One step of a network, marks: 4, kind: cell, target: Cell, family: rnn_tanh,
     credit: {{named: 0, unnamed: 0}}}}
LAYERED_QUESTION
  - {{id: dying, title: The unit that stopped learning, marks: 1,
     kind: choice, variable: dying, answer: b, options: [a, b, c]}}
  - {{id: count, title: How many numbers, marks: 1, kind: number, variable: count, answer: 1640}}
  - {{id: formula, title: How many numbers in symbols, marks: 1,
     kind: formula, variable: formula, symbols: [n, d], answer: n d + n^2 + 2 n}}
  - {{id: why, title: Why it works, marks: 1, kind: text, after: 'Why does it work', key_points: [it cancels]}}

probes:
  - id: softmax
    subject: softmax
    steps:
      - {{do: call, save: small, target: {{name: softmax}}, args: [{{numpy: {{draw: x, shape: [3, 4]}}}}]}}
      - {{do: call, save: large, target: {{name: softmax}}, args: [{{numpy: {{draw: y, shape: [3, 4], scale: 1000}}}}]}}
"""

LAYERED_EXECUTION = "  stand_ins: {Cell: torch.nn.RNNCell}\n"
LAYERED_QUESTION = """\
  - {id: model, title: The loop over layers and time, marks: 4, uses: [step], kind: model, target: Model,
     architecture: stacked, modes: {RNN_TANH: rnn_tanh}, cells: {RNN_TANH: Cell},
     cell_arguments: {RNN_TANH: [input_size, hidden_size]},
     roles: {cells: cells, classifier: classifier}, credit: {named: 0, unnamed: 0}}
"""

TESTS = '''\
"""Two checks of the softmax, one of which compares what the other one never sees."""

import pytest
from torch import allclose


@pytest.mark.question("softmax", marks=3, name="values")
@pytest.mark.probe("softmax")
def test_rows_are_probabilities(check, probe):
    assert allclose(probe.tensor("small"), probe.draw("x", (3, 4)).softmax(dim=1))
    check.award(reason="Every row is the softmax of its scores.")


@pytest.mark.question("softmax", marks=1, name="large")
@pytest.mark.probe("softmax")
def test_large_scores_do_not_overflow(check, probe):
    assert allclose(probe.tensor("large"), probe.draw("y", (3, 4), scale=1000).softmax(dim=1))
    check.award(reason="Large scores do not overflow.")
'''

IMPORTS = "import numpy as np\nimport torch\nfrom torch import nn"

_SOFTMAX = '''def softmax(x):
    """Probabilities for each row of scores."""
    # begin softmax
{answer}
    # end'''
_STEP = '''class Cell(nn.Module):
    """One step: the new state."""

    # begin step
{answer}
    # end'''
_MODEL = """class Model(nn.Module):
    def __init__(self, mode, input_size, hidden_size, layers, bias, output_size):
        super().__init__()
        sizes = [input_size] + (layers - 1) * [hidden_size]
        self.hidden_size = hidden_size
        self.cells = nn.ModuleList([Cell(size, hidden_size) for size in sizes])
        self.classifier = nn.Linear(hidden_size, output_size)

    def forward(self, x):
        # begin model
{answer}
        # end"""
_MAKE_CELL = """    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh"):
        super().__init__()
        self.hidden_size = hidden_size
        self.from_input = nn.Linear(input_size, hidden_size)
        self.from_state = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, h):
        return {returned}"""
_LOOP = """        states = [x.new_zeros(x.size(0), self.hidden_size) for _ in self.cells]
        for time in range(x.size(1)):
            below = x[:, time]
            for layer, cell in enumerate(self.cells):
                below = states[layer] = cell(below, {state})
        return self.classifier(below)"""

_RIGHT = {
    "softmax": _SOFTMAX.format(
        answer="    powers = np.exp(x - x.max(axis=1, keepdims=True))\n"
        "    return powers / powers.sum(axis=1, keepdims=True)"
    ),
    "step": _STEP.format(
        answer=_MAKE_CELL.format(returned="torch.tanh(self.from_input(x) + self.from_state(h))"),
    ),
    "model": _MODEL.format(answer=_LOOP.format(state="states[layer]")),
    "dying": 'dying = "b"',
    "count": "count = 1640",
    "formula": 'formula = "n*d + n*n + 2*n"',
    "why": "Both sides hold the same factor, so it cancels.",
}
_WRONG = {
    "softmax": _SOFTMAX.format(answer="    return x / x.sum(axis=1, keepdims=True)"),
    "step": _STEP.format(answer=_MAKE_CELL.format(returned="self.from_input(x) - self.from_state(h) ** 3")),
    "model": _MODEL.format(answer=_LOOP.format(state="below[:, :1] * 0 + 1 + 0 * states[layer]")),
    "dying": 'dying = "c"',
    "count": "count = 7",
    "formula": 'formula = "n + d"',
    "why": "",
}
_BLANK = {
    "softmax": _SOFTMAX.format(answer=""),
    "step": _STEP.format(answer=""),
    "model": _MODEL.format(answer=""),
    "dying": 'dying = ""',
    "count": "count = None",
    "formula": 'formula = ""',
    "why": "",
}
BASES: Mapping[str, Mapping[str, str]] = {"right": _RIGHT, "wrong": _WRONG, "blank": _BLANK}
"""What an honest student wrote, by question."""
TEMPLATED = ("dying", "count", "formula")
TOTAL = 12
"""Marks of the small form; one of them, for the text, waits for a person."""


def write_coursework(folder: Path, *, layered: bool = False) -> Path:
    """The rubric's folder, with the model solution.

    Args:
        folder: where it is made.
        layered: True for the form with a model over the cells, which is judged with stand-ins, too.
    """
    folder.mkdir(parents=True)
    text = RUBRIC.replace("LAYERED_EXECUTION\n", LAYERED_EXECUTION if layered else "")
    text = text.replace("LAYERED_QUESTION\n", LAYERED_QUESTION if layered else "")
    (folder / "rubric.yaml").write_text(text, encoding="utf-8")
    (folder / "test_softmax.py").write_text(TESTS, encoding="utf-8")
    (folder / "solution.ipynb").write_bytes(_solution(layered=layered))
    shutil.copyfile(ROOT / "rubrics" / "first_steps" / "requirements.txt", folder / "requirements.txt")
    return folder


def hand_in(
    base: str,
    *,
    first: list[str] | None = None,
    last: list[str] | None = None,
    answers: Mapping[str, str] | None = None,
    layered: bool = False,
) -> bytes:
    """A hand-in as bytes.

    Args:
        base: "right", "wrong" or "blank".
        first: code cells before the first answer.
        last: code cells after the last.
        answers: question -> what stands there instead.
        layered: as in `write_coursework`.
    """
    written = {**BASES[base], **(answers or {})}
    cells = [("code", IMPORTS), *(("code", source) for source in first or ())]
    cells += [(kind, source) for _, kind, source in _cells(written, layered=layered)]
    return notebook_bytes([*cells, *(("code", source) for source in last or ())])


def _cells(written: Mapping[str, str], *, layered: bool) -> list[tuple[str, str, str]]:
    """(question, kind, source) of what follows the imports."""
    code = ["softmax", "step", *(["model"] if layered else []), *TEMPLATED]
    cells = [(question, "code", written[question]) for question in code]
    return [*cells, ("", "markdown", "Why does it work? Write below."), ("why", "markdown", written["why"])]


def _solution(*, layered: bool) -> bytes:
    document = json.loads(hand_in("right", layered=layered))
    questions = [question for question, _, _ in _cells(_RIGHT, layered=layered)]
    for cell, question in zip(document["cells"][1:], questions, strict=True):
        if question in (*TEMPLATED, "why"):
            cell["metadata"]["template"] = _BLANK[question]
    return json.dumps(document).encode()
