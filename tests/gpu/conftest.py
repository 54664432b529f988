"""What needs a GPU: without one every test here is skipped, and the header says why. Figures go to a file on demand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.gpu_cases import train

from grader.execute.devices import Gpus, find_gpus

FIGURES_VARIABLE = "GRADER_GPU_FIGURES"
"""File to which each test adds what it has measured, one JSON object a line."""


def pytest_report_header() -> list[str]:
    found = find_gpus()
    return [] if found.cards else [f"layer gpu cannot run here: {found.absent}"]


@pytest.fixture(scope="session")
def gpus(tmp_path_factory: pytest.TempPathFactory) -> Gpus:
    """The cards of this host, once the kernels' torch has shown that it can use one."""
    found = find_gpus()
    if not found.cards:
        pytest.skip(found.absent)
    taken = train(tmp_path_factory.mktemp("trial"), ["import torch", "torch.ones(1).cuda()  # TRAIN"], gpus=found)
    if taken.device() == "cpu":
        pytest.skip(f"the kernels' torch cannot use the GPU: {' '.join(taken.record().notes)}")
    return found


@pytest.fixture(scope="session")
def figure(gpus: Gpus) -> Callable[..., None]:
    """Adds a line to the figures: `figure("topic", what=..., value=...)`."""

    def add(topic: str, **facts: Any) -> None:
        path = os.environ.get(FIGURES_VARIABLE)
        if path:
            line = json.dumps({"topic": topic, "card": gpus.cards[0].name, **facts})
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    return add
