"""What keeps a scoring worker within bounds, however it was started; and the lines that it writes."""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import torch

from grader.score.worker_records import EndLine, ErrorLine, ScoredLine, ScoreItem, StartedLine

try:
    import resource
    import signal
except ImportError:  # not a Unix: the launcher's deadline is the only limit
    resource = None  # type: ignore[assignment]

_WALL_FACTOR = 3.0
"""Wall-clock seconds allowed for each second of CPU."""
_GARBAGE = 50_000
"""Objects that may have been left over since the last search for garbage, before there is another one."""


class Lines:
    """Writes lines, each at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: StartedLine | ScoredLine | ErrorLine | EndLine) -> None:
        self._stream.write(line.model_dump_json() + "\n")
        self._stream.flush()


class Guard:
    """Sets limits: memory once, CPU and wall-clock time anew for each submission; looks for garbage between them."""

    def __init__(self, lines: Lines, *, cpu_s: float, memory_bytes: int) -> None:
        self._lines = lines
        self._cpu_s = cpu_s
        self._memory_bytes = memory_bytes
        self._started = False

    def before(self, item: ScoreItem) -> None:
        if not self._started:
            self._started = True
            warm_up()
            limit_memory(self._memory_bytes)
            self._lines.write(StartedLine())
        tidy()
        limit_time(self._cpu_s)


def settle() -> None:
    """Take everything that is loaded out of the search for garbage, and search for it between submissions only.

    What is loaded is a lot and stays; a submission makes a hundred thousand objects, nearly all without a cycle, and
    the collector would look at each of them several times. Loading itself leaves next to nothing to collect.
    """
    gc.freeze()
    gc.disable()


def tidy() -> None:
    """Search for garbage if there may be much of it; what is left is in use, and is not looked at again."""
    if gc.get_count()[0] > _GARBAGE:
        gc.collect()
        gc.freeze()


def warm_up() -> None:
    """Load what the first derivative loads, so that it counts neither as memory nor as time of a submission."""
    x = torch.ones(1, requires_grad=True)
    torch.autograd.grad(x * x, x)


def limit_memory(extra_bytes: int) -> None:
    """Allow this process so much address space beyond what it has now."""
    if resource is None:
        return
    with suppress(OSError):  # no /proc: the kernel's own limits remain
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        ceiling = pages * os.sysconf("SC_PAGE_SIZE") + extra_bytes
        resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))


def limit_time(cpu_s: float) -> None:
    """End this process (by signal) when it uses more CPU from now on, or sleeps it away."""
    if resource is None:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used + cpu_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    signal.setitimer(signal.ITIMER_REAL, _WALL_FACTOR * cpu_s + 1)
