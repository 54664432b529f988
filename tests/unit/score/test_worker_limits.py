"""A worker looks for garbage when a submission has left much of it, and not between those that leave little."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from helpers.evidence_files import run_with, score_here, write_evidence, write_rubric

from grader.evidence import Evidence
from grader.score import session
from grader.score.worker_limits import settle, tidy


class Ring:
    """Garbage that only a search finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def settled() -> Iterator[None]:
    gc.collect()
    settle()
    yield
    gc.unfreeze()
    gc.enable()


def left_over(rings: int) -> weakref.ref[Ring]:
    """The first of some rings that nobody holds any more."""
    made = [Ring() for _ in range(rings)]
    return weakref.ref(made[0])


def test_little_garbage_is_left_where_it_is() -> None:
    ring = left_over(100)
    tidy()
    assert ring() is not None


def test_much_garbage_is_found() -> None:
    ring = left_over(100_000)
    assert ring() is not None
    tidy()
    assert ring() is None


def test_what_is_in_use_is_not_looked_at_again() -> None:
    held = [[] for _ in range(100_000)]
    tidy()
    assert gc.get_count()[0] < 50_000
    assert not any(one is held for one in gc.get_objects())


@pytest.mark.parametrize("body", ["check.award()", "assert probe.tensor('y').sum() == 0", "raise SystemExit(0)"])
def test_the_evidence_of_a_submission_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    read: list[weakref.ref[Evidence]] = []

    class Watched(Evidence):
        def __init__(self, folder: Path) -> None:
            super().__init__(folder)
            read.append(weakref.ref(self))

    monkeypatch.setattr(session, "Evidence", Watched)
    tests = (
        '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'
        f"def test_scale(check, probe):\n    probe.tensor('y')\n    {body}\n"
    )
    run, tensors = run_with(torch.ones(3))
    folders = [write_evidence(tmp_path / name, runs=[run], tensors=tensors) for name in ("s001", "s002")]
    score_here(write_rubric(tmp_path / "rubric", tests=tests), *folders)
    assert len(read) == 2
    assert all(one() is None for one in read)
