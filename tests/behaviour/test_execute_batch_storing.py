"""The pipeline hands hand-ins to a batch one by one, and whoever handed in the same shares what came out."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from helpers.execute_cases import notebook
from helpers.many_hand_ins import RUBRIC, stored
from helpers.stand_in_rubric import with_stand_ins

from grader import execute
from grader.errors import SandboxError
from grader.evidence import PartRecord
from grader.execute import Job, PartOutcome
from grader.pipeline.course import Course
from grader.pipeline.execution import ExecutionOptions, execute_what_is_missing
from grader.records import Reason, Submission
from grader.store import RunStore


def alive() -> int:
    """Hand-ins in memory, those that other tests have left included."""
    return sum(type(item) is Submission for item in gc.get_objects())


class Told:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.began: tuple[int, int] | None = None
        self.problems: dict[str, Reason | None] = {}

    def begin(self, total: int, already_done: int) -> None:
        self.began = (total, already_done)

    def finished(self, submission: Submission, problem: Reason | None) -> None:
        self.problems[submission.key] = problem

    def stage(self, sentence: str) -> None:
        pass

    def note(self, sentence: str) -> None:
        pass


class Played:
    """Stands for `execute_batch`; `asked` has the keys and parts of all jobs."""

    def __init__(self, *, failing: frozenset[str] = frozenset()) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.most_alive = 0
        self._failing = failing

    async def __call__(self, jobs: Iterable[Job], *, on_part: Any, on_done: Any, **_: Any) -> None:
        for job in jobs:
            await asyncio.sleep(0)
            self.asked.append((job.submission.key, job.parts))
            if len(self.asked) % 20 == 0:
                self.most_alive = max(self.most_alive, alive())
            if job.submission.key in self._failing:
                on_done(job, SandboxError("kernel-not-started", "no kernel"))
                continue
            for part in job.parts:
                record = PartRecord(part=part, level="none", seed="s")  # type: ignore[arg-type]
                on_part(job, PartOutcome(part=part, record=record, tensors=b"tensors", executed=b"{}"))
            on_done(job, None)


@pytest.fixture(scope="module")
def course() -> Course:
    return Course.load(RUBRIC)


@pytest.fixture(scope="module")
def course_with_stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return Course.load(with_stand_ins(tmp_path_factory.mktemp("rubric") / "first_steps"))


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore.create(tmp_path / "run", {"seed": "s", "rubric": "first_steps"}, {})


def submission(key: str, source: str | None) -> Submission:
    hand_in = None if source is None else notebook(source)
    return Submission(student=key, name=key, submission=f"{key}.ipynb", key=key, notebook=hand_in)


def run(
    store: RunStore,
    course: Course,
    patch: pytest.MonkeyPatch,
    played: Played,
    asked: Mapping[str, Collection[str]] | None = None,
) -> Told:
    told = Told()
    patch.setattr(execute, "execute_batch", played)
    ran = execute_what_is_missing(store, course, told, ExecutionOptions(concurrency=1), asked=asked)
    assert ran == {key for key, _ in played.asked}
    return told


def test_hand_ins_are_read_back_one_by_one(store: RunStore, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put_submissions([submission(f"s{number}", f"x = {number}") for number in range(120)])
    played = Played()
    gc.collect()
    before = alive()

    told = run(store, course, monkeypatch, played)

    assert len(played.asked) == 120
    assert told.began == (120, 0)
    assert 1 <= played.most_alive - before <= 4


def test_the_same_notebook_is_run_once_and_shared(
    store: RunStore, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_submissions([submission("a", "x = 1"), submission("b", "x = 2"), submission("c", "x = 1")])
    played = Played()

    told = run(store, course, monkeypatch, played)

    assert played.asked == [("a", ("student",)), ("b", ("student",))]
    assert told.began == (2, 0)
    for key in "abc":
        assert (store.evidence_folder / key / "student.safetensors").read_bytes() == b"tensors"
        assert (store.evidence_folder / key / "executed.ipynb").is_file()
    assert stored(store.folder) == [(1, "a", "student"), (2, "b", "student")]


def test_what_is_there_is_not_run_again_and_a_newcomer_to_a_group_makes_it_run(
    store: RunStore, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_ins = [submission("a", "x = 1"), submission("refused", None)]
    store.put_submissions(hand_ins)
    run(store, course, monkeypatch, Played())
    again = Played()
    assert run(store, course, monkeypatch, again).began == (1, 1)
    assert again.asked == []

    store.put_submissions([*hand_ins, submission("b", "x = 1")])
    played = Played()
    run(store, course, monkeypatch, played)

    assert played.asked == [("a", ("student",))]
    assert ("b", "student") in store.part_digests()


def test_a_fault_reaches_all_who_handed_in_the_same_and_the_next_call_takes_it_up(
    store: RunStore, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_submissions([submission("a", "x = 1"), submission("b", "x = 1")])

    told = run(store, course, monkeypatch, Played(failing=frozenset("a")))

    assert told.problems["a"] is not None
    assert told.problems["a"].code == "kernel-not-started"
    assert set(store.faults()) == {"a", "b"}

    run(store, course, monkeypatch, Played())
    assert store.faults() == {}


def test_stand_ins_are_run_for_those_for_which_scoring_has_asked_and_nobody_else(
    store: RunStore, course_with_stand_ins: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = course_with_stand_ins
    store.put_submissions([submission("a", "x = 1"), submission("b", "x = 2"), submission("c", "x = 1")])
    first = Played()
    run(store, course, monkeypatch, first)
    assert first.asked == [("a", ("student",)), ("b", ("student",))]

    second = Played()
    told = run(store, course, monkeypatch, second, asked={"c": {"stand-ins"}})

    assert second.asked == [("c", ("stand-ins",))]
    assert told.began == (1, 0)
    nothing_new = Played()
    run(store, course, monkeypatch, nothing_new)
    assert nothing_new.asked == [], "what was asked for once is not asked for again"
    assert ("a", "stand-ins") not in store.part_digests()


def test_stand_ins_that_were_taken_under_other_conditions_are_taken_anew(
    store: RunStore, course_with_stand_ins: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_submissions([submission("a", "x = 1")])
    run(store, course_with_stand_ins, monkeypatch, Played())
    run(store, course_with_stand_ins, monkeypatch, Played(), asked={"a": {"stand-ins"}})
    store.set_meta({"seed": "another"})

    again = Played()
    run(store, course_with_stand_ins, monkeypatch, again)

    assert again.asked == [("a", ("student", "stand-ins"))]
