"""Hand-ins of Python files: the cells of the model solution as modules, with a training script and a report."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sample_kit import Notebook

MODULES = {
    "vanilla_rnn": ("rnn",),
    "lstm": ("lstm",),
    "phased": ("phased",),
    "peephole": ("peephole",),
    "optimisers": ("rmsprop", "adam"),
    "gate": ("gate",),
    "generate": ("temperature",),
}
"""Module -> cells of the model solution that it holds."""

HEAD = "import math\n\nimport torch\nfrom torch import nn\n\n\n"
TRAIN = '''"""Trains a network on palindromes."""

import argparse

import torch

from lstm import LSTM
from vanilla_rnn import VanillaRNN


def palindromes(length, count):
    half = torch.randint(0, 10, (count, (length + 1) // 2))
    return torch.cat([half, half.flip(1)[:, length % 2 :]], dim=1).float()


def train(config):
    kind = {"RNN": VanillaRNN, "LSTM": LSTM}[config.model_type]
    model = kind(config.input_length, 1, config.num_hidden, 10, config.batch_size, config.device)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=config.learning_rate)
    for step in range(config.train_steps):
        batch = palindromes(config.input_length + 1, config.batch_size)
        loss = torch.nn.functional.cross_entropy(model(batch[:, :-1]), batch[:, -1].long())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=config.max_norm)
        optimizer.step()
        if step % 10 == 0:
            print(f"Step {step} loss {loss.item():.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model_type", default="RNN")
    parser.add_argument("--input_length", type=int, default=10)
    parser.add_argument("--num_hidden", type=int, default=128)
    parser.add_argument("--batch_size", type=int, default=128)
    parser.add_argument("--learning_rate", type=float, default=0.001)
    parser.add_argument("--train_steps", type=int, default=10000)
    parser.add_argument("--max_norm", type=float, default=10.0)
    parser.add_argument("--device", default="cpu")
    config = parser.parse_args()
    train(config)
'''


def module(notebook: Notebook, cells: Iterable[str]) -> str:
    """The cells as one file, without the marks around answers."""
    sources = [re.sub(r"^\s*# (begin [\w.]+|end)\n?", "", notebook.source(cell) + "\n", flags=re.M) for cell in cells]
    return HEAD + "\n\n".join(source.strip("\n") + "\n" for source in sources)


def modules(notebook: Notebook, folder: str = "") -> dict[str, bytes]:
    """Every module and the training script."""
    files = {f"{folder}{name}.py": module(notebook, cells).encode() for name, cells in MODULES.items()}
    return files | {f"{folder}train.py": TRAIN.encode()}


def report(notebook: Notebook) -> bytes:
    """What is left of the notebook without the code of the modules."""
    moved = {cell for cells in MODULES.values() for cell in cells}
    notebook.content["cells"] = [cell for cell in notebook.cells if cell["id"] not in moved]
    return notebook.bytes()


def markdown(notebook: Notebook) -> bytes:
    """The text of the notebook, as a report in Markdown."""
    return "\n\n".join("".join(cell["source"]) for cell in notebook.cells if cell["cell_type"] == "markdown").encode()
