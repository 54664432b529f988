"""Watches a running kernel from outside: memory of all its processes, files in its memory, progress in its journal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

import psutil

from grader.execute.process import KernelProcess
from grader.execute.readback import Readback
from grader.limits import Limits

JOURNAL = "journal.jsonl"
_LOOK_S = 0.2
_MOST_FILES = 65_536


class Cause(Enum):
    """Why a request did not come to its end."""

    NONE = "none"
    STALLED = "stalled"
    """No statement or probe ended in the time that one has."""
    OUT_OF_TIME = "out-of-time"
    """The time of the whole notebook is used up."""
    MEMORY = "memory"
    FILES = "files"
    FLOOD = "flood"
    DIED = "died"
    """The process ended by itself."""
    KILLED = "killed"
    """The process was killed: by the system, by a person, or by itself."""
    PROTOCOL = "protocol"
    """What it sent was no message of a Jupyter kernel."""
    GAVE_UP = "gave-up"
    """The request itself asked for a fresh kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a request may take."""

    step_s: float
    """Without a new line in the journal."""
    whole_s: float


class Watch:
    """Looks at one kernel while it works on a request."""

    def __init__(self, kernel: KernelProcess, limits: Limits, *, flooded: Callable[[], bool]) -> None:
        self._flooded = flooded
        self._kernel = kernel
        self._limits = limits
        self._journal = Readback(kernel.folders.evidence, 0)

    async def until_wrong(self, patience: Patience) -> Cause:
        """The first thing that goes wrong; runs until then or until it is cancelled."""
        loop = asyncio.get_running_loop()
        begun = moved = loop.time()
        size = self._journal.size(JOURNAL)
        while True:
            if self._kernel.dead:
                return Cause.DIED
            if self._flooded():
                return Cause.FLOOD
            now = loop.time()
            written = self._journal.size(JOURNAL)
            if written != size:
                size, moved = written, now
            if now - begun > patience.whole_s:
                return Cause.OUT_OF_TIME
            if now - moved > patience.step_s:
                return Cause.STALLED
            if self._too_many_files():
                return Cause.FILES
            if self._too_much_memory():
                return Cause.MEMORY
            await asyncio.sleep(_LOOK_S)

    def _too_many_files(self) -> bool:
        """A tmpfs limits bytes, but not the number of its files, each of which costs the host memory."""
        if self._kernel.shares_files:
            return False
        used = 0
        for folder in self._kernel.folders.all():
            status = os.statvfs(folder)
            used += status.f_files - status.f_ffree
        return used > _MOST_FILES

    def _too_much_memory(self) -> bool:
        processes = list(_family(self._kernel.pid))
        if sum(map(_own_bytes, processes)) <= self._limits.memory_bytes:
            return False
        # Pages that a fork has not yet copied were counted for parent and child; the exact figure costs more to get.
        return sum(map(_fair_bytes, processes)) > self._limits.memory_bytes


@cache
def _lists_children() -> bool:
    """True if Linux lists the children of a thread; it can be built without that."""
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()


def _family(pid: int) -> Iterator[int]:
    """A process and all of its descendants."""
    if not _lists_children():
        with suppress(psutil.NoSuchProcess):
            yield from (process.pid for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)])
        return
    waiting = [pid]
    while waiting:
        pid = waiting.pop()
        yield pid
        with suppress(OSError):  # it has ended meanwhile
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - as below
                waiting += map(int, _content(f"/proc/{pid}/task/{thread}/children").split())


def _own_bytes(process: int) -> int:
    return _sum_kib(f"/proc/{process}/status", (b"RssAnon:", b"RssShmem:"))


def _fair_bytes(process: int) -> int:
    return _sum_kib(f"/proc/{process}/smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:"))


def _sum_kib(path: str, names: tuple[bytes, ...]) -> int:
    """Sum of some lines "name: number kB"; 0 if the process is gone."""
    try:
        lines = _content(path).splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(names))


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path takes longer to make than this file to read
        return file.read()
