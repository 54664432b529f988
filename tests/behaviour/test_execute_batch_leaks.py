"""After many kernels the grader holds what it held after a few: descriptors, threads, processes, objects."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers.execute_cases import LEVELS, QUICK, environment, notebook, probe
from helpers.orphans import adopting

from grader.execute import Isolations, Job, execute_batch
from grader.records import Submission
from grader.rubric import Execution, Question, Rubric

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(3600)]
SOURCES = [
    "def answer():\n    return 4.5",
    "import os\nos._exit(1)",
    "while True: pass",
    "print('x' * 100_000)\ndef answer():\n    return 4.5",
]
"""What ends well, what dies, what hangs and what prints much: each leaves by another way."""
OURS = ("grader.", "zmq.", "jupyter_client.", "nbclient.", "asyncio.", "_asyncio.", "subprocess.", "socket.")


def held() -> dict[str, int]:
    """What this process holds of the system."""
    return {
        "descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "threads": len(list(Path("/proc/self/task").iterdir())),
        "children": processes_below(),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
    }


def processes_below() -> int:
    """How many there are, when what has ended had time to be waited for: a template does that for its kernels."""
    give_up = time.monotonic() + 20
    while True:
        below = psutil.Process().children(recursive=True)
        if time.monotonic() > give_up or not any(map(has_ended, below)):
            return len(below)
        time.sleep(0.02)


def has_ended(process: psutil.Process) -> bool:
    """True for one that nobody has waited for, and for one that vanishes while it is looked at."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def census() -> Counter[str]:
    gc.collect()
    return Counter(f"{type(item).__module__}.{type(item).__qualname__}" for item in gc.get_objects())


def one_question(folder: Path) -> Rubric:
    limits = QUICK.model_copy(update={"statement_s": 0.5})
    question = Question.model_validate({"id": "1", "title": "One", "marks": 1})
    return Rubric(title="One", folder=folder, questions=(question,), execution=Execution(limits=limits))


def jobs(numbers: range) -> Iterator[Job]:
    for number in numbers:
        hand_in = notebook(SOURCES[number % len(SOURCES)])
        submission = Submission(student="s", name="s", submission="s.ipynb", key=f"s{number}", notebook=hand_in)
        yield Job(submission=submission, parts=("student",), probes=(probe("p"),), subjects=("answer",))


async def faults(wanted: Iterator[Job], rubric: Rubric, **more: Any) -> list[str]:
    """Take what is wanted, one after the other; for each hand-in, the fault of ours."""
    done: list[str] = []
    await execute_batch(
        wanted,
        rubric=rubric,
        seed="seed",
        environment=environment(),
        on_part=lambda job, outcome: None,
        on_done=lambda job, fault: done.append(f"{job.submission.key}: {fault}"),
        concurrency=1,
        **more,
    )
    return done


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(8, id="few"),
        pytest.param(int(os.environ.get("GRADER_TEST_SUBMISSIONS", "500")), id="many", marks=pytest.mark.slow),
    ],
)
def test_many_kernels_leave_no_more_behind_than_a_few(count: int, tmp_path: Path) -> None:
    rubric = one_question(tmp_path)
    done: list[str] = []
    objects: dict[str, Counter[str]] = {}
    system: dict[str, dict[str, int]] = {}

    async def batches() -> None:
        isolations = Isolations()
        try:
            for place, numbers in (("early", range(4)), ("late", range(4, count))):
                done.extend(await faults(jobs(numbers), rubric, isolations=isolations))
                # Its kernels are gone, what they are forked from is still there.
                objects[place], system[place] = census(), held()
        finally:
            await isolations.close()

    asyncio.run(batches())

    assert [line for line in done if not line.endswith(": None")] == []
    assert len(done) == count
    assert system["late"] == system["early"]
    grown = objects["late"] - objects["early"]
    assert {name: more for name, more in grown.items() if name.startswith(OURS)} == {}
    assert {name: more for name, more in grown.items() if more > max(30, count // 4)} == {}


@pytest.mark.parametrize("level", LEVELS)
def test_a_grader_that_inherits_orphans_keeps_none(level: str, tmp_path: Path) -> None:
    """The first process of a container inherits them, and what nobody waits for stays in its list of processes."""
    with adopting():
        before = psutil.Process().children()

        done = asyncio.run(faults(jobs(range(3 * len(SOURCES))), one_question(tmp_path), level=level))

        left = [child for child in psutil.Process().children() if child not in before]

    assert len(done) == 3 * len(SOURCES)
    assert [line for line in done if not line.endswith(": None")] == []
    assert left == []
