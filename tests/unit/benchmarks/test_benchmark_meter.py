"""What commands cost is counted, whoever reaps their processes; what fails is no measurement."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest
from peers import meter
from peers.meter import Command, MeasuringError, make_group, measure

SPIN = "import time\nwhile time.process_time() < {seconds}: pass\n"
ORPHAN = """import os, sys, time
if os.fork() == 0:
    if os.fork() == 0:
        while time.process_time() < {seconds}: pass
    os._exit(0)
os.wait()
"""
"""A grandchild that spins; its parent ends at once, so another reaps it."""


@pytest.fixture
def group_possible() -> None:
    group = make_group()
    if group is None:
        pytest.skip("no control group can be made here")
    group.close()


def runs(process: int) -> bool:
    """True if there is such a process and it has not ended."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def python(text: str, folder: Path, **facts: object) -> Command:
    return Command(argv=[sys.executable, "-I", "-c", text.format(**facts)], folder=folder)


def test_the_time_of_all_commands_is_counted(tmp_path: Path) -> None:
    reading = measure([python(SPIN, tmp_path, seconds=0.2), python(SPIN, tmp_path, seconds=0.3)])
    assert reading.cpu_s >= 0.5
    assert reading.peak_rss_bytes > 0


@pytest.mark.usefixtures("group_possible")
def test_an_orphan_is_counted_though_another_process_reaps_it(tmp_path: Path) -> None:
    reading = measure([python(ORPHAN, tmp_path, seconds=0.5)])
    assert reading.cpu_s >= 0.5 > reading.reaped_cpu_s
    assert reading.source in ("cpuacct", "cgroup v2")


def test_without_a_control_group_the_reading_says_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "_ROOTS", ())
    reading = measure([python(SPIN, tmp_path, seconds=0.2)])
    assert reading.source == "getrusage"
    assert reading.cpu_s == reading.reaped_cpu_s >= 0.2


def test_an_exit_code_that_was_not_agreed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="ended with 3"):
        measure([python("raise SystemExit(3)", tmp_path)])


def test_an_agreed_exit_code_is_none(tmp_path: Path) -> None:
    command = Command(argv=[sys.executable, "-I", "-c", "raise SystemExit(1)"], folder=tmp_path, accepts=(0, 1))
    assert measure([command]).cpu_s > 0


@pytest.mark.usefixtures("group_possible")
def test_a_process_that_outlives_its_command_is_an_error_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "_LINGER_S", 0.1)
    left = tmp_path / "left"
    command = Command(argv=["/bin/sh", "-c", f"sleep 60 & echo $! > {left}"], folder=tmp_path)
    with pytest.raises(MeasuringError, match="outlived"):
        measure([command])
    assert not runs(int(left.read_text()))


@pytest.mark.usefixtures("group_possible")
def test_a_watcher_sees_the_processes_that_run(tmp_path: Path) -> None:
    seen: set[int] = set()
    measure([python(SPIN, tmp_path, seconds=0.3)], lambda processes: seen.update(processes))
    assert seen


@pytest.mark.usefixtures("group_possible")
def test_no_control_group_stays(tmp_path: Path) -> None:
    measure([python("", tmp_path)])
    left = [path for root, _ in meter._ROOTS for path in root.glob(f"**/grader-benchmark-{os.getpid()}-*")]
    assert left == []
