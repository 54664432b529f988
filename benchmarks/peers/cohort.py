"""Generated hand-ins of the first coursework: half of them right in many ways, half with one planted mistake each.

The same number makes the same bytes, anywhere. What is right and what is planted comes from the rubric's alternatives
and mutants; no two hand-ins are equal, so none is spared by sharing the evidence of another.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.rubric import Rubric
from grader.workshop.hand_in import HandIn
from grader.workshop.planted import Planted, read_planted
from grader.workshop.planting import hand_in

NAME = "CW3_RNNs.ipynb"
DATA_FOLDER = "/content/"
"""Where the notebooks look for their data."""
_STRIDE = 41
"""From one mutant to the next: neighbours in a file resemble each other, and this takes some of each file."""
_UNTRAINED = "# The training run was left out.\n"
_TRAINED = ({"name": "stdout", "output_type": "stream", "text": ["0:00:01\n"]},)
"""An output: the rubric has training cells run that were run before."""
_EPOCHS, _HIDDEN = 1, 32
"""Of the short training: fewer steps than those at which the rubric stops it, and a second of work or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One hand-in."""

    key: str
    """Unique and sortable; begins with the letter of its shard, of which there are two."""
    right: bool
    what: str
    """The heading of the alternative or mutant; empty for the model solution."""
    notebook: bytes


def cohort(rubric: Rubric, size: int, *, training: bool) -> Iterator[Generated]:
    """So many hand-ins: right and wrong ones in turn, in two shards with half of each.

    Args:
        rubric: the coursework, whose alternatives and mutants are used.
        size: how many.
        training: True for a short training cell that was run; False for one that was left out.
    """
    for number in range(size):
        right = number % 2 == 0
        planted = _planted(rubric.folder, number // 2, right=right)
        notebook = HandIn(rubric) if planted is None else hand_in(rubric, planted)
        notebook.write("seeds", f"# version {number + 1}\n{notebook.source('seeds')}")
        _train(notebook, training=training)
        shard = "ab"[number // 2 % 2]
        yield Generated(
            key=f"{shard}{number:05d}",
            right=right,
            what="" if planted is None else planted.title,
            notebook=notebook.bytes(),
        )


def write_cohort(members: Iterator[Generated], folder: Path) -> list[Generated]:
    """Write each hand-in as a notebook under its key; returns them."""
    folder.mkdir(parents=True)
    written = []
    for member in members:
        (folder / f"{member.key}.ipynb").write_bytes(member.notebook)
        written.append(member)
    return written


def with_data_at(notebook: bytes, folder: Path) -> bytes:
    """The same notebook with its data elsewhere: the one line that a student is told to change."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell.get("id") == "data-folder":
            cell["source"] = [line.replace(DATA_FOLDER, f"{folder}/") for line in cell["source"]]
    return json.dumps(content, indent=1).encode()


@functools.cache
def _blocks(folder: Path) -> tuple[tuple[Planted | None, ...], tuple[Planted, ...]]:
    """What is right, the model solution first, and what is planted."""
    return (None, *read_planted(folder, "alternatives")), read_planted(folder, "mutants")


def _planted(folder: Path, number: int, *, right: bool) -> Planted | None:
    alternatives, mutants = _blocks(folder)
    return alternatives[number % len(alternatives)] if right else mutants[number * _STRIDE % len(mutants)]


def _train(notebook: HandIn, *, training: bool) -> None:
    """Shorten the training cell, or leave it out."""
    if not training:
        notebook.write("training", _UNTRAINED)
        return
    notebook.replace("data", "num_epochs = 4", f"num_epochs = {_EPOCHS}")
    notebook.replace("training", "hidden_dim = 128", f"hidden_dim = {_HIDDEN}")
    for count, cell in enumerate((cell for cell in notebook.cells if cell["cell_type"] == "code"), start=1):
        cell["execution_count"] = count
    notebook.cell("training")["outputs"] = [dict(output) for output in _TRAINED]
