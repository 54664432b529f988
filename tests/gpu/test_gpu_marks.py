"""A submission gets the same marks whether its training ran on a card or not."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT, grader, rows_by_submission

from grader.execute.devices import GPUS_VARIABLE, Gpus
from grader.store import RunStore

pytestmark = [pytest.mark.gpu, pytest.mark.sandbox, pytest.mark.timeout(3600)]
COURSEWORK = "imperial_cw3"


def graded(rubric: Path, run: Path, cards: str) -> dict[str, Any]:
    words = ("grade", rubric, ROOT / "submissions" / COURSEWORK, "--out", run, "--seed", "samples")
    finished = grader(*words, **{GPUS_VARIABLE: cards})
    assert finished.code in (0, 1), finished.err
    return {
        name: (row["status"], row["total"], row["open"], [(item["id"], item["mark"]) for item in row["questions"]])
        for name, row in rows_by_submission(run).items()
    }


def devices(run: Path) -> Counter[str]:
    """Device -> hand-ins that trained there."""
    store = RunStore(run)
    trained = [key for key, part in store.part_digests() if part == "training"]
    return Counter(store.evidence(key).part("training").record.environment["training_device"] for key in trained)


def test_all_samples_get_the_same_marks_with_and_without_a_card(
    gpus: Gpus, figure: Callable[..., None], tmp_path: Path
) -> None:
    rubric = tmp_path / COURSEWORK
    shutil.copytree(ROOT / "rubrics" / COURSEWORK, rubric)
    text = (rubric / "rubric.yaml").read_text(encoding="utf-8")
    assert text.count("    when: executed\n") == 1
    (rubric / "rubric.yaml").write_text(
        text.replace("    when: executed\n", "    when: executed\n    device: gpu\n    fraction: 0.125\n"),
        encoding="utf-8",
    )
    cards = os.environ.get(GPUS_VARIABLE, ",".join(str(card.minor) for card in gpus.cards))

    with_card = graded(rubric, tmp_path / "with", cards)
    without = graded(rubric, tmp_path / "without", "")

    on_card, on_cpu = devices(tmp_path / "with"), devices(tmp_path / "without")
    assert set(on_cpu) == {"cpu"}
    assert "cpu" not in on_card
    assert on_card.total() == on_cpu.total()
    assert with_card == without
    figure("marks", what="samples that trained on the card", value=on_card.total(), unit="")
    figure("marks", what="samples with the same marks with and without the card", value=len(without), unit="")
