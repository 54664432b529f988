"""Compares the data and models of the figure's training script with those of the model solution, cell by cell.

Runs in the environment of the kernels, with the folder of the rubric as its argument; prints what it found equal.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch

MODES = {"GRU": "GRU", "LSTM": "LSTM", "RNN": "RNN_TANH"}


def names_of(solution: Path) -> dict[str, Any]:
    """What the cells of the model solution define, those that load data and train apart."""
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(solution.read_text(encoding="utf-8"))["cells"]}
    names: dict[str, Any] = {}
    for identifier in ("imports", "dataset-class", "cells", "models"):
        exec(compile(cells[identifier], identifier, "exec"), names)
    return names


def main(folder: Path) -> None:
    """Stop with an error at the first difference."""
    sys.path.insert(0, str(folder / "figure"))
    import train

    names = names_of(folder / "solution.ipynb")
    for split in ("train", "valid"):
        sequences, labels = train.load(split)
        given = names["SpeechCommandsDataset"](folder / "data", split)
        assert len(given) == len(labels)
        for index, (features, label) in enumerate(given[number] for number in range(len(given))):
            assert label == labels[index]
            assert torch.equal(torch.from_numpy(features), sequences[index])
    print("data")

    for name, mode in MODES.items():
        ours = train.Model(name)
        theirs = names["RNNModel"](mode, train.FEATURES, train.HIDDEN, train.DEPTH, True, len(train.WORDS))
        assert theirs.hidden_size == train.HIDDEN
        for layer, cell in enumerate(theirs.rnn_cell_list):
            for side, linear in (("ih", cell.x2h), ("hh", cell.h2h)):
                linear.weight.data = getattr(ours.layers, f"weight_{side}_l{layer}").data
                linear.bias.data = getattr(ours.layers, f"bias_{side}_l{layer}").data
        theirs.fc = ours.fc
        with torch.no_grad():
            assert torch.allclose(ours(sequences), theirs(sequences), atol=1e-5)
        print(name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
