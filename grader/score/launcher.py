"""Launches scoring workers, and finds the submission on which one died; with `nursery` it alone in this stage starts
processes.

Where the system allows it, workers are forked from a parent that has loaded everything; elsewhere each starts afresh.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import CheckFaultError
from grader.rubric import Rubric
from grader.score.nursery import GONE, Nursery, tail
from grader.score.worker_lines import ScoredSubmission, Yield, lost, read_lines
from grader.score.worker_records import BatchRequest, ScoreItem, WorkerSpec
from grader.shared_marks import SharedMarks

START_S = 120.0
_WALL_FACTOR = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """Scores chunks; used from several threads."""

    rubric: Rubric
    seed: str
    nursery: Nursery | None
    stopping: threading.Event = field(default_factory=threading.Event)
    shared: SharedMarks = field(default_factory=SharedMarks)

    def stop(self) -> None:
        """Start no further worker, and end those that run in the nursery."""
        self.stopping.set()
        if self.nursery is not None:
            self.nursery.close()

    def score(self, items: Sequence[ScoreItem], scratch: Path) -> dict[str, ScoredSubmission]:
        """Score a chunk with as many workers as it takes.

        Lines come in order, so the first submission without one is where a worker died. It is tried once more alone,
        since the ones before it may have used up what it needed; the rest goes on together.
        """
        scratch.mkdir()
        found: dict[str, ScoredSubmission] = {}
        waiting: deque[list[ScoreItem]] = deque([list(items)])
        number = 0
        while waiting and not self.stopping.is_set():
            batch = waiting.popleft()
            number += 1
            left = self._run(batch, scratch / f"{number}")
            if not left.started and not left.scored and not left.ended:
                raise CheckFaultError(
                    "scoring-worker-failed",
                    f"a scoring worker did not start: {left.ending}",
                    where=self.rubric.name,
                    next_step="run `grader doctor`; the last lines above are the worker's own",
                )
            found.update(left.scored)
            remaining = [item for item in batch if item.key not in found]
            if not remaining:
                continue
            suspect, rest = remaining[0], remaining[1:]
            if len(batch) == 1:
                found[suspect.key] = lost(self.rubric, suspect, left.ending)
            else:
                waiting.append([suspect])
            if rest:
                waiting.append(rest)
        return found

    def _run(self, items: Sequence[ScoreItem], scratch: Path) -> Yield:
        """What one worker makes of a batch."""
        scratch.mkdir()
        limits = self.rubric.execution.limits
        output, log = scratch / "lines.jsonl", scratch / "worker.log"
        cpu_s, memory_bytes = limits.scoring_cpu_s, limits.scoring_memory_bytes
        deadline_s = START_S + _WALL_FACTOR * limits.scoring_cpu_s * len(items)
        ending = GONE
        if self.nursery is not None:
            batch = tuple(items)
            ending = self.nursery.run(
                lambda number: BatchRequest(
                    number=number, items=batch, output=output, log=log, cpu_s=cpu_s, memory_bytes=memory_bytes
                ),
                deadline_s=deadline_s,
            )
        left = read_lines(output, {item.key for item in items}, self.rubric, self.shared)
        if ending == GONE and not left.started and not self.stopping.is_set():
            spec = WorkerSpec(
                rubric=self.rubric,
                seed=self.seed,
                items=tuple(items),
                output=output,
                cpu_s=cpu_s,
                memory_bytes=memory_bytes,
            )
            ending = _run_afresh(spec, scratch, log, deadline_s)
            left = read_lines(output, {item.key for item in items}, self.rubric, self.shared)
        left.ending = f"{ending}\n{tail(log)}".strip()
        return left


def _run_afresh(spec: WorkerSpec, scratch: Path, log: Path, deadline_s: float) -> str:
    """Start a worker from nothing and wait for it; returns how it ended, in words."""
    (scratch / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    with log.open("wb") as stream:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "grader.score.worker_main", str(scratch / "spec.json")],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=worker_environment(),
                timeout=deadline_s,
                cwd=scratch,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {deadline_s:.0f} s"
    return f"exit status {done.returncode}"


def worker_environment() -> dict[str, str]:
    """What a worker inherits: paths and the settings that keep it to one thread and from writing into the rubric."""
    kept = {name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith("GRADER_")}
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    package_root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (kept.get("PYTHONPATH", ""), package_root) if part)
    return {**kept, **threads, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": path}


_INHERITED = {
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "SYSTEMROOT",
}
