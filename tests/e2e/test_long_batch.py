"""Hundreds of submissions in a row: nothing leaks, and the grader's memory stays what it was at the start."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from helpers.command_line import command, environment, rows_by_submission
from helpers.many_hand_ins import RUBRIC, SAMPLES, make_cohort, stored
from helpers.orphans import adopting

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(4 * 3600)]
SUBMISSIONS = int(os.environ.get("GRADER_TEST_SUBMISSIONS", "500"))
JOBS = 2
GROWTH_BYTES = 50 * 1024 * 1024
PLACES = (Path("/sys/fs/cgroup"), Path("/dev/shm"))


@dataclass(frozen=True)
class Sample:
    """The grader, looked at from outside while it runs kernels."""

    done: int
    memory_bytes: int
    descriptors: int
    threads: int


def look(process: psutil.Process, done: int) -> Sample:
    return Sample(done, process.memory_info().rss, process.num_fds(), process.num_threads())


def watched(process: subprocess.Popen[str], run: Path) -> list[Sample]:
    """Looks at the grader whenever another submission is stored, and then while it scores and writes pages."""
    grader, samples = psutil.Process(process.pid), []
    while process.poll() is None:
        done = len(stored(run))
        if done == SUBMISSIONS or done > (samples[-1].done if samples else 0):
            try:
                samples.append(look(grader, done))
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                break
        threading.Event().wait(0.02)
    return samples


def left_on_host() -> set[str]:
    """Control groups, shared memory and mounts that there are now."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    folders = [str(path) for place in PLACES if place.is_dir() for path in place.glob("**/") if path.is_dir()]
    return {*mounts, *folders}


def still_there(before: set[str], grader: int) -> set[str]:
    """What is new on the host, is no other grader's and does not vanish: other tests make and remove such things."""
    others = re.compile(rf"/grader-(?!.*\b{grader}\b)[^/]*\d[^/]*$")
    left = {name for name in left_on_host() - before if not others.search(name)}
    for _ in range(600):
        left &= left_on_host()
        if not left:
            break
        threading.Event().wait(0.1)
    return left


def test_hundreds_in_a_row_leave_nothing_behind_and_cost_no_more_memory_than_a_few(tmp_path: Path) -> None:
    hand_ins, run, temporary = tmp_path / "hand-ins", tmp_path / "run", tmp_path / "tmp"
    temporary.mkdir()
    make_cohort(hand_ins, SUBMISSIONS, SAMPLES[:1])
    before = left_on_host()
    words = ("grade", RUBRIC, hand_ins, "--out", run, "--seed", "samples", "--jobs", str(JOBS))
    with adopting() as adopter:
        process = subprocess.Popen(
            command(*words),
            env=environment(TMPDIR=str(temporary)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        samples = watched(process, run)
        _, said = process.communicate()
        assert adopter.alive() == []

    assert process.returncode == 0, said
    assert len(stored(run)) == SUBMISSIONS
    assert {row["status"] for row in rows_by_submission(run).values()} == {"open"}
    first, rest = samples[0], [sample for sample in samples[1:] if sample.done < SUBMISSIONS]
    growth = {
        what: max(sample.memory_bytes for sample in some) - first.memory_bytes
        for what, some in (
            ("kernels", rest),
            ("scoring and pages", samples),
        )
    }
    print(f"memory after the first of {SUBMISSIONS}: {first.memory_bytes >> 20} MiB; growth in bytes: {growth}")
    assert max(growth.values()) < GROWTH_BYTES
    early, late = rest[: len(rest) // 4 + 1], rest[-(len(rest) // 4 + 1) :]
    assert min(sample.descriptors for sample in late) <= min(sample.descriptors for sample in early) + 4 * JOBS
    assert min(sample.threads for sample in late) <= min(sample.threads for sample in early) + 4 * JOBS
    assert still_there(before, process.pid) == set()
    assert list(temporary.iterdir()) == []
