"""A small model with cells, for tests of how models are marked: cells stacked in a tower, a layer on top."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from helpers.kinds_evidence import Bench, question
from helpers.kinds_oracle import CellSaid, FakeOracle, ModelSaid
from torch import nn

from grader.evidence import ProbeRun
from grader.score.kinds import Verdict

NAMED = ModelSaid(status="mistake", mistakes=("stack.skips",), edges=("one.", "two", "three", "four"))
WRONG_CELL = CellSaid(status="mistake", mistakes=("plain.halved",))
UNREAD_CELL = CellSaid(status="unrecognised", formula=None)


class Step(nn.Module):
    """A cell."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        super().__init__()
        self.size = hidden_size
        self.down = nn.Linear(input_size, hidden_size, bias=bias)

    def forward(self, x: torch.Tensor, h: torch.Tensor | None = None) -> torch.Tensor:
        return self.down(x) + (torch.zeros(x.shape[0], self.size) if h is None else h)


class Library(Step):
    """What stands in for it."""


def tower(
    scope: dict[str, Any], *, broken_modes: tuple[str, ...] = (), reject: tuple[str, ...] = ()
) -> type[nn.Module]:
    """A model that looks its cells up in `scope` when it is made.

    Args:
        scope: the notebook's names.
        broken_modes: modes in which a call raises IndexError.
        reject: modes in which the constructor raises ValueError.
    """

    class Tower(nn.Module):
        def __init__(self, mode: str, d: int, n: int, layers: int, bias: bool, out: int) -> None:
            super().__init__()
            if mode in reject:
                raise ValueError(mode)
            self.mode = mode
            self.parts = nn.ModuleList(scope["Step"](d if i == 0 else n, n, bias) for i in range(layers))
            self.top = nn.Linear(n, out)

        def forward(self, x: torch.Tensor) -> Any:
            if self.mode in broken_modes:
                raise IndexError("no such layer")
            h = x[:, 0]
            for part in self.parts:
                h = part(h)
            return self.top(h)

    return Tower


def bench(tmp_path: Path, oracle: FakeOracle, **parameters: Any) -> Bench:
    """A rubric that asks for the cell in 1b and for the tower, of two modes, in 2e."""
    given: dict[str, Any] = {
        "target": "Tower",
        "architecture": "tower",
        "modes": {"A": "plain", "B": "plain"},
        "cells": {"A": "Step", "B": "Step"},
        "arguments": ["mode", "input_size", "hidden_size", "layers", "bias", "output_size"],
        "roles": {"cells": "parts", "classifier": "top"},
    } | parameters
    uses = given.pop("uses", ("1b",))
    oracle.state = False
    return Bench(
        tmp_path,
        oracle,
        question("1b", "cell", target="Step", family="plain"),
        question("2e", "model", uses=uses, **given),
    )


def judged(
    tmp_path: Path,
    said: Callable[[Any], ModelSaid],
    *,
    cell: CellSaid | None = None,
    model: Callable[[dict[str, Any]], Any] = tower,
    made_of: type[nn.Module] = Step,
    stand_ins: bool = True,
    edit: Callable[[ProbeRun], ProbeRun | None] = lambda run: run,
    **parameters: Any,
) -> Verdict:
    """The verdict on 2e.

    Args:
        tmp_path: for the evidence.
        said: what the oracle says about a run.
        cell: what it says about the cell; right if None.
        model: makes the model's class.
        made_of: the student's cell.
        stand_ins: False to leave their part out.
        edit: changes or drops runs before they are stored.
        parameters: of the kind.
    """
    oracle = FakeOracle(cell=lambda seen: cell or CellSaid(status="exact"), model=said)
    scope: dict[str, Any] = {}
    made = bench(tmp_path, oracle, **parameters)
    classes = {"Step": made_of, "Tower": model(scope)}
    made.take(classes, stand_ins={"Step": Library} if stand_ins else None, edit=edit, scope=scope)
    return made.judge("2e")


def right(seen: Any) -> ModelSaid:
    """What the oracle says of any run."""
    return ModelSaid(status="exact")


def in_mode(mode: str, said: ModelSaid) -> Callable[[Any], ModelSaid]:
    """`said` in one mode, right in all others."""
    return lambda seen: said if seen["mode"] == mode else ModelSaid(status="exact")


def stood_in(seen: Any) -> bool:
    """True for a run with stand-ins."""
    return any(module["class"] == "Library" for module in seen["modules"].values())
