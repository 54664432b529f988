"""Slots, order and back-pressure of a batch; kernels are played, so that nothing depends on how fast they are."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.batch_fakes import Stage, job

from grader.execute import Job, PartOutcome
from grader.execute.session import PartPlan


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stage:
    return Stage(monkeypatch, tmp_path)


def test_a_submission_that_hangs_holds_its_own_slot_and_no_other(stage: Stage) -> None:
    others_done = asyncio.Event()

    async def play(key: str, plan: PartPlan) -> None:
        if key == "slow":
            await others_done.wait()
        elif key == "last":
            others_done.set()

    stage.run([job("slow"), *(job(f"s{number}") for number in range(20)), job("last")], play, concurrency=2)

    assert len(stage.done) == 22
    assert stage.done.index("slow") >= 20, "it was done only after all others could be"


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_than_the_wanted_number_are_at_work(concurrency: int, stage: Stage) -> None:
    stage.run((job(f"s{number}") for number in range(12)), concurrency=concurrency)

    assert stage.most_at_work == concurrency
    assert len(stage.done) == 12


@pytest.mark.parametrize("concurrency", [1, 3])
def test_one_more_is_taken_than_kernels_may_run_and_no_other_before_one_is_stored(
    concurrency: int, stage: Stage
) -> None:
    unfinished, most = 0, 0

    def jobs() -> Iterator[Job]:
        nonlocal unfinished, most
        for number in range(12):
            unfinished += 1
            most = max(most, unfinished)
            yield job(str(number))

    def store(done: Job, outcome: PartOutcome) -> None:
        nonlocal unfinished
        unfinished -= 1

    stage.on_part = store

    stage.run(jobs(), concurrency=concurrency)

    assert most == concurrency + 1


def test_the_next_kernel_runs_while_the_evidence_of_the_last_is_stored(stage: Stage) -> None:
    begun = threading.Event()

    def store(done: Job, outcome: PartOutcome) -> None:
        if done.submission.key == "first":
            assert begun.wait(60), "the second submission had to wait for the disk"

    async def play(key: str, plan: PartPlan) -> None:
        if key == "second":
            begun.set()

    stage.on_part = store

    stage.run([job("first"), job("second")], concurrency=1, play=play)

    assert sorted(stage.done) == ["first", "second"]
    assert stage.faults == {}


def test_a_slow_disk_holds_up_the_submission_that_is_stored_and_no_other(stage: Stage) -> None:
    released = threading.Event()

    def store(done: Job, outcome: PartOutcome) -> None:
        if done.submission.key == "stored slowly":
            assert released.wait(60), "the other submission had to wait for the disk"
        stage.stored.append((done.submission.key, outcome.part))

    async def play(key: str, plan: PartPlan) -> None:
        if key == "second":
            released.set()

    stage.on_part = store

    stage.run([job("stored slowly"), job("first"), job("second")], play, concurrency=2)

    assert stage.faults == {}
    assert stage.stored[0] == ("first", "student")


def test_a_part_that_is_complete_is_stored_even_if_the_batch_is_interrupted_meanwhile(stage: Stage) -> None:
    storing = threading.Event()
    go_on = threading.Event()

    def store(done: Job, outcome: PartOutcome) -> None:
        storing.set()
        assert go_on.wait(60)
        stage.stored.append((done.submission.key, outcome.part))

    async def play(key: str, plan: PartPlan) -> None:
        if key == "s2":
            await asyncio.Event().wait()

    async def interrupted() -> None:
        task = asyncio.create_task(stage.arun([job("s1"), job("s2")], play, concurrency=1))
        await asyncio.to_thread(storing.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()

    stage.on_part = store
    asyncio.run(interrupted())

    assert stage.stored == [("s1", "student")]


def test_a_part_that_cannot_be_stored_is_a_fault_of_that_submission(stage: Stage) -> None:
    def store(done: Job, outcome: PartOutcome) -> None:
        if done.submission.key == "s1":
            raise OSError(28, "No space left on device")

    stage.on_part = store

    stage.run([job("s1", "student", "training"), job("s2")])

    assert [fault.code for fault in stage.faults.values()] == ["execute-fault"]
    assert ("s1", "training") not in stage.plans, "nothing more of it is run"
    assert sorted(stage.done) == ["s1", "s2"]


def test_a_fault_that_cannot_even_be_noted_ends_the_batch_as_itself(stage: Stage) -> None:
    def on_done(done: Job, fault: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        stage.run([job("s1"), job("s2")], on_done=on_done)


def census() -> Counter[str]:
    gc.collect()
    return Counter(f"{type(item).__module__}.{type(item).__qualname__}" for item in gc.get_objects())


def test_what_the_grader_holds_does_not_grow_with_the_batch(stage: Stage) -> None:
    taken: list[weakref.ref[object]] = []
    counted: dict[int, Counter[str]] = {}
    open_files: dict[int, int] = {}

    def jobs() -> Iterator[Job]:
        for number in range(600):
            if number in (100, 599):
                counted[number] = census()
                open_files[number] = len(list(Path("/proc/self/fd").iterdir()))
            made = job(f"s{number}", "student", "training")
            taken.append(weakref.ref(made.submission))
            yield made

    stage.on_part = lambda done, outcome: None
    stage.run(jobs(), on_done=lambda done, fault: stage.plans.clear(), concurrency=4)

    grown = counted[599] - counted[100]
    del grown["weakref.ReferenceType"]  # our own list
    assert {name: more for name, more in grown.items() if more > 60} == {}
    assert open_files[599] <= open_files[100] + 4
    assert sum(reference() is not None for reference in taken) <= 5
    assert threading.active_count() <= 1 + 4 + (os.cpu_count() or 1)
