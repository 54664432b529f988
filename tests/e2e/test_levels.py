"""The level of isolation is no part of a mark: both levels give every sample the same, to the digit."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import ROOT, marks_json

from grader import execute, pipeline
from grader.records import Reason, Submission
from grader.store import RunStore

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(3600)]
QUICK = ("first_steps",)
RUBRICS = sorted(path.name for path in (ROOT / "submissions").iterdir() if (path / "expected.csv").is_file())


class Silent:
    """Hears of a batch and says nothing."""

    def begin(self, total: int, already_done: int) -> None:
        pass

    def finished(self, submission: Submission, problem: Reason | None) -> None:
        assert problem is None

    def stage(self, sentence: str) -> None:
        pass

    def note(self, sentence: str) -> None:
        pass


def graded(rubric: str, out: Path, level: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The rows of marks.json for all samples, with kernels of one level."""
    with monkeypatch.context() as patched:
        patched.setattr(execute, "execute_batch", functools.partial(execute.execute_batch, level=level))
        pipeline.grade(
            pipeline.GradeRequest(
                rubric=ROOT / "rubrics" / rubric,
                source=ROOT / "submissions" / rubric,
                out=out,
                seed="samples",
                concurrency=os.cpu_count() or 2,
            ),
            Silent(),
        )
    assert RunStore(out).levels() == [level]
    rows: list[dict[str, Any]] = marks_json(out)["submissions"]
    return rows


@pytest.mark.parametrize(
    "rubric", [pytest.param(rubric, marks=() if rubric in QUICK else pytest.mark.slow) for rubric in RUBRICS]
)
def test_both_levels_give_every_sample_the_same_marks(
    rubric: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADER_KERNELS", str(ROOT / ".kernels"))

    sealed, bubblewrap = (graded(rubric, tmp_path / level, level, monkeypatch) for level in ("sealed", "bubblewrap"))

    assert len(sealed) > 3
    assert sealed == bubblewrap
