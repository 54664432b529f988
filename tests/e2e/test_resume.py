"""A grader that is killed loses nothing, runs nothing twice, and ends with the marks of an undisturbed run."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers.command_line import ROOT, command, environment, grader, rows_by_submission

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def executions(run: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(run / "run.sqlite") as connection:
        return connection.execute("select key, part from executions").fetchall()


def wait_for_done(run: Path, process: subprocess.Popen[str], count: int) -> None:
    """Return once `count` parts are done; give up when the process ends first."""
    waiting = threading.Event()
    while process.poll() is None:
        if (run / "run.sqlite").is_file() and len(executions(run)) >= count:
            return
        waiting.wait(0.05)
    pytest.fail("the batch ended before it could be killed")


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A run whose grader got SIGKILL in the middle of the batch."""
    run = tmp_path / "run"
    words = ("grade", ROOT / "rubrics" / "first_steps", ROOT / "submissions" / "first_steps", "--out", run)
    process = subprocess.Popen(
        command(*words, "--seed", "samples", "--jobs", "1"),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    wait_for_done(run, process, 2)
    children = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive, "kernels outlived the grader"
    return run


def test_a_killed_batch_goes_on_and_ends_like_an_undisturbed_one(killed: Path, first_steps: Any) -> None:
    before = Counter(executions(killed))
    assert before
    words = ("grade", ROOT / "rubrics" / "first_steps", ROOT / "submissions" / "first_steps", "--out", killed)

    finished = grader(*words, "--seed", "samples")

    assert finished.code in (0, 1), finished.err
    done = Counter(executions(killed))
    assert set(done.values()) == {1}, "a part was executed twice"
    assert rows_by_submission(killed) == rows_by_submission(first_steps.folder)


def test_a_finished_batch_runs_nothing_again(first_steps: Any, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(first_steps.folder, run)
    before = executions(run)
    words = ("grade", ROOT / "rubrics" / "first_steps", ROOT / "submissions" / "first_steps", "--out", run)

    finished = grader(*words)

    assert "nothing to run" in finished.err
    assert executions(run) == before
    assert rows_by_submission(run) == rows_by_submission(first_steps.folder)


def test_a_new_hand_in_is_the_only_one_that_is_run(first_steps: Any, tmp_path: Path) -> None:
    run, hand_ins = tmp_path / "run", tmp_path / "hand-ins"
    shutil.copytree(first_steps.folder, run)
    shutil.copytree(ROOT / "submissions" / "first_steps", hand_ins)
    one = sorted(hand_ins.glob("*.zip"))[0]
    shutil.copy(ROOT / "rubrics" / "first_steps" / "solution.ipynb", hand_ins / "s099-newcomer.ipynb")
    before = len(executions(run))

    finished = grader("grade", ROOT / "rubrics" / "first_steps", hand_ins, "--out", run)

    assert finished.code in (0, 1), finished.err
    assert {key for key, _ in executions(run)[before:]} == {"s099-newcomer"}
    assert one.name in rows_by_submission(run)


def test_an_interrupt_says_how_to_go_on(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ("grade", ROOT / "rubrics" / "first_steps", ROOT / "submissions" / "first_steps", "--out", run)
    process = subprocess.Popen(
        command(*words, "--jobs", "1"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_done(run, process, 1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130, err
    assert f"--out {run}" in err.strip().split("\n")[-1]
