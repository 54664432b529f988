"""Killed at whatever moment, a batch loses nothing, runs nothing twice that was stored, and leaves nothing running."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers.command_line import command, environment, grader, rows_by_submission
from helpers.many_hand_ins import RUBRIC, make_cohort, stored
from helpers.orphans import adopting

from grader.store import RunStore

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1800)]
SEED = ("--seed", "samples")
FEW_OR_TWENTY = pytest.mark.parametrize(
    "kills", [pytest.param(2, id="two"), pytest.param(20, id="twenty", marks=pytest.mark.slow)]
)


class Cohort:
    """Copies of the samples, the run folder for them, and what an undisturbed run says about the samples."""

    def __init__(self, folder: Path, count: int, undisturbed: Path) -> None:
        self.run = folder / "run"
        self.hand_ins = folder / "hand-ins"
        self.samples = make_cohort(self.hand_ins, count)
        self._undisturbed = undisturbed

    @property
    def words(self) -> tuple[str | Path, ...]:
        return ("grade", RUBRIC, self.hand_ins, "--out", self.run, *SEED)

    def start(self, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command(*self.words, *more),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def stored(self) -> list[tuple[int, str, str]]:
        return stored(self.run)

    def assert_like_undisturbed(self) -> None:
        executed = Counter((key, part) for _, key, part in self.stored())
        assert set(executed.values()) == {1}, "a part was executed twice"
        expected, found = rows_by_submission(self._undisturbed), rows_by_submission(self.run)
        assert {name: judged(row) for name, row in found.items()} == {
            name: judged(expected[sample]) for name, sample in self.samples.items()
        }
        unfinished = [path for path in (self.run / "evidence").rglob(".*") if path.is_file()]
        assert unfinished == []


def judged(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["status"], row["total"], [(item["id"], item["mark"], item["outcome"]) for item in row["questions"]]


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def kernels(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Everything below the command but forks of itself, which score."""
    try:
        command_line = psutil.Process(process.pid).cmdline()
        found = psutil.Process(process.pid).children(recursive=True)
        return [child for child in found if child.cmdline() != command_line]
    except psutil.NoSuchProcess:
        return []


def wait_for_a_kernel(process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not kernels(process):
        pause(0.01)


def wait_until_stored(process: subprocess.Popen[str], cohort: Cohort, count: int) -> None:
    while process.poll() is None and len(cohort.stored()) < count:
        pause(0.02)


def wait_for_the_first(process: subprocess.Popen[str], cohort: Cohort, count: int) -> None:
    """Wait until the first so many hand-ins, in the order in which they are taken, are stored."""
    wanted = {Path(name).stem for name in sorted(cohort.samples)[:count]}
    while process.poll() is None and not wanted.issubset(key for _, key, _ in cohort.stored()):
        pause(0.02)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the test's own for temporary files; its path is short, as names of sockets have to be."""
    with tempfile.TemporaryDirectory(prefix="killed-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@FEW_OR_TWENTY
def test_a_grader_killed_at_random_moments_ends_like_an_undisturbed_one(
    kills: int, tmp_path: Path, temporary: Path, first_steps: Any
) -> None:
    cohort = Cohort(tmp_path, 3 + 12 * kills, first_steps.folder)  # a dozen may end while we wait for the moment
    chance = random.Random(kills)
    met = 0
    with adopting() as adopter:
        for _ in range(kills):
            before = cohort.stored()
            process = cohort.start("--jobs", "2")
            if chance.random() < 0.2:
                pause(chance.uniform(0.5, 5.0))  # while it reads hand-ins or plans
            else:
                wait_for_a_kernel(process)
                more = chance.randint(0 if before else 1, 2)  # so that one at least is killed at full work
                wait_until_stored(process, cohort, len(before) + more)
                pause(chance.uniform(0.0, 0.4))
            met += process.poll() is None
            process.kill()
            process.communicate()
            assert adopter.alive() == [], "something outlived the grader"
            assert cohort.stored()[: len(before)] == before

        finished = grader(*cohort.words)

        assert adopter.alive() == []
    assert finished.code in (0, 1), finished.err
    assert met >= 0.8 * kills, "most of the kills have to meet a grader at work"
    assert list(temporary.iterdir()) == [], "what the killed ones left stays"
    cohort.assert_like_undisturbed()


@FEW_OR_TWENTY
def test_a_kernel_killed_at_a_random_moment_costs_its_submission_nothing(
    kills: int, tmp_path: Path, first_steps: Any
) -> None:
    cohort = Cohort(tmp_path, 2 + 12 * kills, first_steps.folder)  # some end while we wait for the moment
    chance = random.Random(kills)
    killed = 0
    with adopting() as adopter:
        process = cohort.start("--jobs", "1")
        while killed < kills and process.poll() is None:
            wait_for_a_kernel(process)
            pause(chance.uniform(0.0, 0.4))
            victims = kernels(process)
            done = len(cohort.stored())
            if done >= len(cohort.samples) - 1:
                break
            if not victims:
                continue
            victim = chance.choice(victims)
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
            killed += 1
            # A second kill may not meet the same submission: one may be at work and one about to start. That a start
            # was killed is noticed half a second later, when many others have been stored.
            wait_for_the_first(process, cohort, done + 4)
        _, said = process.communicate()
        assert adopter.alive() == []

    assert process.returncode in (0, 1), said
    assert killed == kills
    cohort.assert_like_undisturbed()
    assert RunStore(cohort.run).faults() == {}


@pytest.mark.parametrize(
    ("number", "to_group"),
    [
        pytest.param(signal.SIGINT, True, id="Ctrl-C at a terminal, which reaches every process of the group"),
        pytest.param(signal.SIGTERM, False, id="SIGTERM"),
    ],
)
def test_an_interrupt_ends_all_kernels_and_blames_nobody(
    number: signal.Signals, to_group: bool, tmp_path: Path, first_steps: Any
) -> None:
    cohort = Cohort(tmp_path, 6, first_steps.folder)
    with adopting() as adopter:
        process = cohort.start("--jobs", "2")
        wait_until_stored(process, cohort, 1)
        wait_for_a_kernel(process)
        (os.killpg if to_group else os.kill)(process.pid, number)
        _, said = process.communicate()
        assert adopter.alive() == []

        assert process.returncode == 130, said
        assert f"--out {cohort.run}" in said.strip().split("\n")[-1]
        assert 1 <= len(cohort.stored()) < 6
        evidence = RunStore(cohort.run)
        for _, key, part in cohort.stored():
            assert evidence.evidence(key).part(part).record.limits_met == ()

        assert grader(*cohort.words).code in (0, 1)
    cohort.assert_like_undisturbed()
