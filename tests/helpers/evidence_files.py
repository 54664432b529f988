"""Builders of rubrics and of stored evidence, and scoring in this process, for tests of the stage `score`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
import torch
from safetensors.torch import save_file

from grader.evidence import CellRun, Definition, PartRecord, ProbeRun, Raised
from grader.records import CellKind, CheckMark, NotebookCell, NotebookRecord
from grader.rubric import load_rubric
from grader.score.case import Coursework
from grader.score.session import Hooks, score_chunk
from grader.score.worker_records import ScoredLine, ScoreItem
from grader.values import Value

SEED = "a-seed"
_numbers = itertools.count()

MARKERS = """
markers:
  start: '^\\s*# BEGIN (?P<question>\\w+)'
  end: '^\\s*# END'
"""

TEMPLATE = "class Scale:\n    def __call__(self, x):\n        # BEGIN 1\n        return 2 * x\n        # END\n"
"""The model solution that most tests need."""
ANSWER = TEMPLATE
BLANK = TEMPLATE.replace("        return 2 * x\n", "")

PROBES = """
probes:
  - id: made
    subject: Scale
    steps:
      - {do: construct, save: scale, target: Scale}
      - {do: call, save: y, target: {ref: scale}, args: [{draw: x, shape: [3]}]}
"""


def write_rubric(
    folder: Path,
    *,
    questions: str = "questions:\n  - {id: '1', title: Scaling, marks: 2}\n",
    tests: str = "",
    extra: str = MARKERS + PROBES,
    solution: Sequence[str | tuple[str, str]] = (TEMPLATE,),
) -> Path:
    """A rubric's folder.

    Args:
        folder: where it is made.
        questions: YAML of the questions.
        tests: Python of its only test file; empty for none.
        extra: more YAML.
        solution: sources of code cells, or (kind, source).
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rubric.yaml").write_text(f"title: T\n{extra}\n{questions}", encoding="utf-8")
    made = []
    for cell in solution:
        kind, source = ("code", cell) if isinstance(cell, str) else cell
        new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        made.append(new(source))
    nbformat.write(nbformat.v4.new_notebook(cells=made), folder / "solution.ipynb")
    if tests:
        # Imported under its file's name by several sessions of one process, hence a new name each time.
        path = folder / f"test_rubric_{next(_numbers)}.py"
        path.write_text("import pytest\nimport torch\n\n" + tests, encoding="utf-8")
    return folder


def notebook(*cells: str | tuple[str, str], outputs: Mapping[int, Sequence[str]] | None = None) -> NotebookRecord:
    """A hand-in: sources of code cells, or (kind, source); `outputs` by index."""
    made = []
    for index, cell in enumerate(cells):
        kind, source = ("code", cell) if isinstance(cell, str) else cell
        stored = tuple((outputs or {}).get(index, ()))
        made.append(NotebookCell(index=index, kind=CellKind(kind), source=source, outputs=stored))
    return NotebookRecord(source_name="n.ipynb", format="ipynb", cells=tuple(made))


def write_evidence(
    folder: Path,
    *,
    handed_in: NotebookRecord | None = None,
    runs: Sequence[ProbeRun] = (),
    definitions: Sequence[Definition] = (),
    tensors: Mapping[str, torch.Tensor] | None = None,
    part: str = "student",
    cells: Sequence[CellRun] = (),
    **record: object,
) -> Path:
    """A submission's evidence folder with one part; call again for another part."""
    folder.mkdir(parents=True, exist_ok=True)
    if handed_in is not None or not (folder / "notebook.json").exists():
        (folder / "notebook.json").write_text((handed_in or notebook(ANSWER)).model_dump_json(), encoding="utf-8")
    stored = PartRecord.model_validate(
        {
            "part": part,
            "level": "none",
            "seed": SEED,
            "probes": runs,
            "definitions": definitions,
            "cells": cells,
            **record,
        }
    )
    (folder / f"{part}.json").write_text(stored.model_dump_json(), encoding="utf-8")
    if tensors:
        save_file(dict(tensors), folder / f"{part}.safetensors")
    return folder


def run_of(probe: str = "made", *, definition: int = 0, **fields: object) -> ProbeRun:
    """A probe's run that ended well, unless `fields` say otherwise."""
    return ProbeRun.model_validate(
        {"probe": probe, "definition": definition, "status": "done", "seed": f"{SEED}/{probe}", **fields}
    )


def tensor_value(key: str, tensor: torch.Tensor) -> Value:
    """A recorded tensor."""
    return Value(kind="tensor", key=key, shape=tuple(tensor.shape), dtype=str(tensor.dtype).removeprefix("torch."))


def run_with(y: torch.Tensor, *, definition: int = 0) -> tuple[ProbeRun, dict[str, torch.Tensor]]:
    """The run of the probe `made` whose call gave back `y`, and its tensors."""
    key = f"made@{definition}/y"
    return run_of(definition=definition, values={"y": tensor_value(key, y)}), {key: y}


def raised_run(**fields: object) -> ProbeRun:
    """The run of the probe `made` whose constructor raised."""
    raised = Raised(type="TypeError", message="no", line=2, cell=0, source="    x = [")
    return run_of(status="raised", step=0, **{"raised": raised, **fields})


def score_here(rubric: Path, *folders: Path) -> dict[str, ScoredLine]:
    """Score evidence folders in this process; their names are the keys."""
    lines: list[ScoredLine] = []
    coursework = Coursework.load(load_rubric(rubric))
    items = [ScoreItem(key=folder.name, folder=folder) for folder in folders]
    score_chunk(coursework, items, seed=SEED, hooks=Hooks(before=lambda item: None, done=lines.append))
    return {line.key: line for line in lines}


def only_check(rubric: Path, folder: Path) -> CheckMark:
    """The first check of the first question of one submission."""
    return score_here(rubric, folder)[folder.name].questions[0].checks[0]
