"""The agent claims the GPU that it was lent and no other; torch's own functions for cards are played here."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from helpers.agent_kernel import job_json


class Card:
    """What torch says of a card, and what it was asked."""

    def __init__(self, patch: pytest.MonkeyPatch, *, there: bool = True, broken: bool = False) -> None:
        self.fractions: list[float] = []

        def claim(fraction: float) -> None:
            if broken:
                raise RuntimeError("CUDA error: out of memory")
            self.fractions.append(fraction)

        patch.setattr(torch.cuda, "is_available", lambda: there)
        patch.setattr(torch.cuda, "set_per_process_memory_fraction", claim)
        patch.setattr(torch.cuda, "get_device_name", lambda: "Card A")


def start(agent: ModuleType, folder: Path, fraction: float | None) -> dict[str, Any]:
    """Start the agent with that share; the environment that it reports."""
    evidence = folder / "evidence"
    evidence.mkdir()
    (folder / "job.json").write_text(json.dumps(job_json([], gpu_fraction=fraction)))
    agent.start({}, job=str(folder / "job.json"), evidence=str(evidence))
    found: dict[str, Any] = json.loads((evidence / "environment.json").read_text())
    return found


def test_a_card_that_was_lent_is_claimed_up_to_its_share(
    agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(monkeypatch)

    assert start(agent, tmp_path, 0.25)["gpu"] == "Card A"
    assert card.fractions == [0.25]


def test_a_card_that_was_not_lent_is_left_alone(
    agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Card(monkeypatch)

    assert "gpu" not in start(agent, tmp_path, None)
    assert card.fractions == []


@pytest.mark.parametrize("state", [{"there": False}, {"broken": True}], ids=["not there", "broken"])
def test_a_card_that_cannot_be_used_is_not_claimed(
    state: dict[str, bool], agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Card(monkeypatch, **state)

    assert "gpu" not in start(agent, tmp_path, 1.0)
