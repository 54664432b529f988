"""A disposable scoring worker: `python -m grader.score.worker_main SPEC.json`.

Stored evidence is hostile data. The worker limits its own address space and CPU before it reads any, writes one line
for each submission, and may die at any point: the launcher then knows which submission it was.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import torch

from grader.errors import ConfigError
from grader.rubric import load_rubric
from grader.score.case import Coursework
from grader.score.session import Hooks, score_chunk
from grader.score.worker_records import EndLine, ErrorLine, ScoredLine, ScoreItem, StartedLine, WorkerSpec

try:
    import resource
    import signal
except ImportError:  # not a Unix: the launcher's deadline is the only limit
    resource = None  # type: ignore[assignment]

_WALL_FACTOR = 3.0
"""Wall-clock seconds allowed for each second of CPU."""


class _Lines:
    """Writes lines, each at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: StartedLine | ScoredLine | ErrorLine | EndLine) -> None:
        self._stream.write(line.model_dump_json() + "\n")
        self._stream.flush()


def main(arguments: list[str]) -> int:
    """Score the submissions of a specification; 0 if all were done, 2 if the rubric cannot be used."""
    spec = WorkerSpec.model_validate_json(Path(arguments[0]).read_bytes())
    torch.set_num_threads(1)
    with spec.output.open("w", encoding="utf-8") as stream:
        lines = _Lines(stream)
        guard = _Guard(spec, lines)
        try:
            coursework = Coursework.load(load_rubric(spec.rubric))
            score_chunk(coursework, spec.items, seed=spec.seed, hooks=Hooks(before=guard.before, done=lines.write))
        except ConfigError as error:
            lines.write(ErrorLine(code=error.code, what=error.what, where=error.where, next_step=error.next_step))
            return error.exit_code
        lines.write(EndLine())
    return 0


class _Guard:
    """Sets limits: memory once, CPU and wall-clock time anew for each submission."""

    def __init__(self, spec: WorkerSpec, lines: _Lines) -> None:
        self._spec = spec
        self._lines = lines
        self._started = False

    def before(self, item: ScoreItem) -> None:
        if not self._started:
            self._started = True
            warm_up()
            limit_memory(self._spec.memory_bytes)
            self._lines.write(StartedLine())
        limit_time(self._spec.cpu_s)


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
