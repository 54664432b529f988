"""Runs commands together and measures what all of their processes cost: CPU time, time on the wall, memory.

CPU time is that of a control group made for the commands (version 1 `cpuacct`, or version 2), so nothing is missed that
another process reaps: a kernel's init, an orphan, a child of a template. Where no control group can be made, what the
system has counted for reaped children stands in, and the reading says so.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TICK_S = 0.05
_LINGER_S = 10.0
"""How long processes may live on after their commands before that is an error."""
_ROOTS = (
    (Path("/sys/fs/cgroup/cpuacct"), "cpuacct"),
    (Path("/sys/fs/cgroup/cpu,cpuacct"), "cpuacct"),
    (Path("/sys/fs/cgroup/unified"), ""),
    (Path("/sys/fs/cgroup"), ""),
)
"""Where hierarchies are mounted, and by which word of /proc/self/cgroup ours is found in them."""
_ENTER = 'echo $$ > "$1/cgroup.procs" || exit 125; shift; exec "$@"'
_counter = itertools.count(1)

Watcher = Callable[[Sequence[int]], None]
"""Is called again and again with the ids of all processes of the commands."""


class MeasuringError(SystemExit):
    """A command failed, so there is nothing to measure; ends a benchmark with its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to start."""

    argv: Sequence[str]
    folder: Path
    accepts: tuple[int, ...] = (0,)
    """Exit codes that are no failure."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What some commands, run side by side, have cost."""

    cpu_s: float
    """User and system time of all their processes."""
    reaped_cpu_s: float
    """The same as getrusage tells it; less where others have reaped."""
    wall_s: float
    peak_rss_bytes: int
    """The most that the first command's own process had resident; its children are not counted."""
    source: str
    """Where `cpu_s` comes from: "cpuacct", "cgroup v2" or "getrusage"."""


class Group:
    """A control group that counts CPU time; removed by `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = "cpuacct" if (folder / "cpuacct.usage").exists() else "cgroup v2"

    def cpu_s(self) -> float:
        """User and system time of all processes that are or were in it."""
        if self.source == "cpuacct":
            return int((self.folder / "cpuacct.usage").read_text()) / 1e9
        lines = (self.folder / "cpu.stat").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("usage_usec ")) / 1e6

    def processes(self) -> list[int]:
        """Ids of the processes in it and in groups below."""
        found: list[int] = []
        for path in (self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())):
            with contextlib.suppress(OSError):
                found += map(int, (path / "cgroup.procs").read_text().split())
        return [process for process in found if process > 0]

    def settle(self) -> int:
        """Wait until it is empty, end what outlives its command for long, and return how many that were."""
        ends = time.monotonic() + _LINGER_S
        while (left := self.processes()) and time.monotonic() < ends:
            time.sleep(_TICK_S)
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while self.processes():
            time.sleep(_TICK_S)
        return len(left)

    def close(self) -> None:
        """Remove it; nothing may run in it any more."""
        for path in sorted((path for path in self.folder.rglob("*") if path.is_dir()), reverse=True):
            path.rmdir()
        self.folder.rmdir()


def make_group() -> Group | None:
    """A new control group below ours; None if this host does not let us make one."""
    for root, controller in _ROOTS:
        folder = root / _own_path(controller).lstrip("/") / f"grader-benchmark-{os.getpid()}-{next(_counter)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        if (folder / "cgroup.procs").exists() and any(
            (folder / name).exists() for name in ("cpuacct.usage", "cpu.stat")
        ):
            return Group(folder)
        folder.rmdir()
    return None


def _own_path(controller: str) -> str:
    """Our place in a hierarchy, as /proc/self/cgroup has it."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path
    return "/"


def measure(commands: Sequence[Command], watch: Watcher | None = None) -> Reading:
    """Run commands side by side and wait for all of them.

    Raises:
        MeasuringError: if one ends with a code that it should not, or leaves processes behind.
    """
    before, began = _reaped_s(), time.monotonic()
    group = make_group()
    running: list[subprocess.Popen[bytes]] = []
    peak = left = 0
    try:
        running += [_start(command, group) for command in commands]
        for _ in _until_done(running):
            peak = max(peak, _peak_rss(running[0].pid))
            if watch is not None and group is not None:
                watch(group.processes())
        wall_s = time.monotonic() - began
    finally:
        if group is not None:
            left = group.settle()
            group_cpu_s = group.cpu_s()
            group.close()
    for process, command in zip(running, commands, strict=True):
        if process.returncode not in command.accepts:
            raise MeasuringError(f"{' '.join(command.argv)[:300]} ended with {process.returncode}")
    if left:
        raise MeasuringError(f"{left} processes outlived {' '.join(commands[0].argv)[:300]} by {_LINGER_S:g} s")
    reaped = _reaped_s() - before
    if group is None:
        return Reading(cpu_s=reaped, reaped_cpu_s=reaped, wall_s=wall_s, peak_rss_bytes=peak, source="getrusage")
    return Reading(cpu_s=group_cpu_s, reaped_cpu_s=reaped, wall_s=wall_s, peak_rss_bytes=peak, source=group.source)


def _start(command: Command, group: Group | None) -> subprocess.Popen[bytes]:
    argv = list(command.argv)
    if group is not None:
        argv = ["/bin/sh", "-c", _ENTER, "sh", str(group.folder), *argv]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **command.variables}
    return subprocess.Popen(
        argv, cwd=command.folder, env=variables, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr
    )


def _until_done(running: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """Yield again and again until all have ended."""
    while sum(process.poll() is None for process in running):  # every one is asked, which reaps it
        yield
        time.sleep(_TICK_S)


def _reaped_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _peak_rss(process: int) -> int:
    """The most that a process had resident so far; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
