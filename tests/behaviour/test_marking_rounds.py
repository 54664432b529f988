"""A command starts what is dear once: both of its rounds use it, and it is closed however they end."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from helpers.execute_cases import notebook
from helpers.stand_in_rubric import with_stand_ins

from grader import execute, score
from grader.execute import Job
from grader.pipeline.course import Course
from grader.pipeline.execution import ExecutionOptions
from grader.pipeline.marking import execute_and_score, kept_isolations
from grader.records import Reason, Submission
from grader.store import RunStore


class Silent:
    """An observer that looks away."""

    def begin(self, total: int, already_done: int) -> None:
        pass

    def finished(self, submission: Submission, problem: Reason | None) -> None:
        pass

    def stage(self, sentence: str) -> None:
        pass

    def note(self, sentence: str) -> None:
        pass


class Played:
    """Stands for isolation, batches and workers; `heard` has what was done with which of them."""

    def __init__(self, patch: pytest.MonkeyPatch, *, interrupted: bool = False) -> None:
        self.heard: list[str] = []
        self._interrupted = interrupted
        played = self

        class Isolations:
            def __init__(self) -> None:
                played.heard.append("isolations made")

            async def close(self) -> None:
                played.heard.append("isolations closed")

        class Workers:
            def __init__(self, rubric: object, *, seed: str, count: int) -> None:
                played.heard.append("workers made")

            def __enter__(self) -> Workers:
                return self

            def start(self) -> None:
                played.heard.append("workers started")

            def __exit__(self, *_: object) -> None:
                played.heard.append("workers closed")

            def score(self, items: list[score.ScoreItem], log_dir: Path) -> dict[str, score.ScoredSubmission]:
                played.heard.append("scored")
                missing = ("stand-ins",) if len(items) == 2 else ()
                return {item.key: score.ScoredSubmission(questions=(), missing=missing) for item in items[:1]}

        patch.setattr(execute, "Isolations", Isolations)
        patch.setattr(execute, "execute_batch", self._batch)
        patch.setattr(score, "Workers", Workers)

    async def _batch(self, jobs: Iterable[Job], *, isolations: Any, **_: Any) -> None:
        parts = {part for job in jobs for part in job.parts}
        self.heard.append(f"ran {', '.join(sorted(parts))} in {type(isolations).__name__}")
        if self._interrupted:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course.load(with_stand_ins(tmp_path_factory.mktemp("rubric") / "first_steps"))


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore.create(tmp_path / "run", {"seed": "s", "rubric": "first_steps"}, {})
    hand_ins = {"a": notebook("x = 1"), "b": notebook("x = 2")}
    store.put_submissions(
        [
            Submission(student=key, name=key, submission=f"{key}.ipynb", key=key, notebook=hand_in)
            for key, hand_in in hand_ins.items()
        ]
    )
    return store


def rounds(store: RunStore, course: Course) -> None:
    with kept_isolations() as isolations:
        execute_and_score(store, course, Silent(), ExecutionOptions(concurrency=1), isolations)


def test_the_round_that_scoring_asks_for_uses_what_the_first_one_has_started(
    store: RunStore, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch)

    rounds(store, course)

    assert sorted(played.heard[:2]) == ["isolations made", "workers made"]
    assert played.heard[2:7] == [
        "workers started",
        "ran student in Isolations",
        "scored",
        "ran stand-ins, student in Isolations",
        "scored",
    ]
    assert sorted(played.heard[7:]) == ["isolations closed", "workers closed"]


def test_an_interrupt_closes_what_was_started(store: RunStore, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Played(monkeypatch, interrupted=True)

    with pytest.raises(KeyboardInterrupt):
        rounds(store, course)

    assert sorted(played.heard[4:]) == ["isolations closed", "workers closed"]
