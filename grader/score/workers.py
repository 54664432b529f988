"""Launches scoring workers, believes no line of theirs unread, and finds the submission on which one died.

This is the launcher: with `nursery` it alone in this stage starts processes. It judges nothing itself.
Where the system allows it, workers are forked from a parent that has loaded everything; elsewhere each starts afresh.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from grader.coursework import student_version
from grader.errors import CheckFaultError, RubricError
from grader.forked import can_fork
from grader.records import CheckMark, Outcome, QuestionMark
from grader.rubric import Question, Rubric
from grader.score.case import FAULT_FLAG, FAULT_REASON
from grader.score.marks import question_mark, rounded
from grader.score.nursery import GONE, Nursery, tail
from grader.score.worker_records import (
    LINE,
    BatchRequest,
    EndLine,
    ErrorLine,
    NurserySpec,
    ScoredLine,
    ScoreItem,
    StartedLine,
    WorkerSpec,
)

CHUNK = 250
"""Submissions for one worker: its death costs no more than the repetition of one, but what it has worked out goes."""
_START_S = 120.0
_WALL_FACTOR = 4.0
_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredSubmission:
    """What scoring found about one submission."""

    questions: tuple[QuestionMark, ...]
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for the student's page about how the notebook was read and run."""
    fault_log: str = ""
    """Tracebacks of ours; for the log, never for a page."""
    nearest: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    """Known formulas by distance, for `grader explain`."""
    missing: tuple[str, ...] = ()
    """Evidence parts without which something could not be decided."""


@dataclass(slots=True, kw_only=True)
class _Yield:
    """What one worker left behind."""

    scored: dict[str, ScoredSubmission] = field(default_factory=dict)
    started: bool = False
    ended: bool = False
    ending: str = ""
    """How the process ended, for the log."""


class Workers:
    """Scoring workers for every round of a command; what they are forked from is loaded once, by the first of them.

    Args:
        rubric: the coursework.
        seed: the seed with which evidence was taken.
        count: how many processes at a time.
    """

    def __init__(self, rubric: Rubric, *, seed: str, count: int) -> None:
        self._rubric = rubric
        self._seed = seed
        self._count = max(count, 1)
        self._folder = tempfile.TemporaryDirectory(prefix="grader-score-")
        self._rounds = itertools.count()
        self._nursery: Nursery | None = None
        self._launcher: _Launcher | None = None

    def start(self) -> None:
        """Start what workers are forked from, and wait for nothing; best while this process has a single thread."""
        if self._nursery is None and can_fork():
            template = student_version(self._rubric).notebook
            spec = NurserySpec(rubric=self._rubric, seed=self._seed, template=template)
            self._nursery = Nursery(spec, Path(self._folder.name, "nursery"), _environment(), start_s=_START_S)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every worker, and what they are forked from."""
        if self._launcher is not None:
            self._launcher.stop()
        if self._nursery is not None:
            self._nursery.close()
        self._folder.cleanup()

    def score(self, items: Sequence[ScoreItem], log_dir: Path | None = None) -> dict[str, ScoredSubmission]:
        """What `score_evidence` gives for these submissions; after an error nothing more can be scored."""
        chunks = [items[start : start + _chunk_size(len(items), self._count)] for start in self._starts(len(items))]
        found: dict[str, ScoredSubmission] = {}
        if chunks:
            scratch = Path(self._folder.name, str(next(self._rounds)))
            scratch.mkdir()
            launcher = self._launch()
            with ThreadPoolExecutor(self._count) as pool:
                try:
                    jobs = [
                        pool.submit(launcher.score, chunk, scratch / str(number)) for number, chunk in enumerate(chunks)
                    ]
                    for job in jobs:
                        found.update(job.result())
                except BaseException:
                    launcher.stop()  # after an interrupt or an error no further worker is started
                    raise
        if log_dir is not None:
            _write_logs(found, log_dir)
        return {item.key: found[item.key] for item in items}

    def _starts(self, count: int) -> range:
        return range(0, count, _chunk_size(count, self._count))

    def _launch(self) -> _Launcher:
        if self._launcher is None:
            self.start()
            forks = self._nursery is not None and self._nursery.forks
            nursery = self._nursery if forks else None
            self._launcher = _Launcher(rubric=self._rubric, seed=self._seed, nursery=nursery)
        return self._launcher


def score_evidence(
    items: Sequence[ScoreItem], rubric: Rubric, *, seed: str, workers: int = 1, log_dir: Path | None = None
) -> dict[str, ScoredSubmission]:
    """Score submissions from their stored evidence, in disposable workers.

    Args:
        items: the submissions; their keys differ.
        rubric: the coursework.
        seed: the seed with which evidence was taken.
        workers: how many processes at a time.
        log_dir: folder for tracebacks of faults, one file a submission; None to write none.

    Returns:
        For every key what was found. A submission whose scoring died or overran has faults and the flag
        `scoring-fault`; the others are not touched by it.

    Raises:
        RubricError: if the rubric or its tests cannot be used.
        CheckFaultError: if a worker cannot even start.
    """
    with Workers(rubric, seed=seed, count=workers) as found:
        return found.score(items, log_dir)


def _chunk_size(count: int, workers: int) -> int:
    """At most CHUNK, and small enough that every worker has something to do."""
    return max(1, min(CHUNK, -(-count // workers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Launcher:
    """Scores chunks; used from several threads."""

    rubric: Rubric
    seed: str
    nursery: Nursery | None
    stopping: threading.Event = field(default_factory=threading.Event)

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
                found[suspect.key] = _lost(self.rubric, suspect, left.ending)
            else:
                waiting.append([suspect])
            if rest:
                waiting.append(rest)
        return found

    def _run(self, items: Sequence[ScoreItem], scratch: Path) -> _Yield:
        """What one worker makes of a batch."""
        scratch.mkdir()
        limits = self.rubric.execution.limits
        output, log = scratch / "lines.jsonl", scratch / "worker.log"
        cpu_s, memory_bytes = limits.scoring_cpu_s, limits.scoring_memory_bytes
        deadline_s = _START_S + _WALL_FACTOR * limits.scoring_cpu_s * len(items)
        ending = GONE
        if self.nursery is not None:
            batch = tuple(items)
            ending = self.nursery.run(
                lambda number: BatchRequest(
                    number=number, items=batch, output=output, log=log, cpu_s=cpu_s, memory_bytes=memory_bytes
                ),
                deadline_s=deadline_s,
            )
        left = _read_lines(output, {item.key for item in items}, self.rubric)
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
            left = _read_lines(output, {item.key for item in items}, self.rubric)
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
                env=_environment(),
                timeout=deadline_s,
                cwd=scratch,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"stopped after {deadline_s:.0f} s"
    return f"exit status {done.returncode}"


def _environment() -> dict[str, str]:
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


def _read_lines(output: Path, keys: set[str], rubric: Rubric) -> _Yield:
    """The lines of a worker, as far as they are whole and valid."""
    left = _Yield()
    if not output.exists():
        return left
    with output.open("rb") as stream:
        while raw := stream.readline(_LINE_BYTES):
            try:
                line = LINE.validate_json(raw)
            except ValidationError:
                break  # cut off in the middle, or not ours: what follows cannot be trusted either
            if isinstance(line, StartedLine):
                left.started = True
            elif isinstance(line, EndLine):
                left.ended = True
            elif isinstance(line, ErrorLine):
                raise RubricError(line.code, line.what, where=line.where, next_step=line.next_step)
            elif line.key in keys and {question.id for question in line.questions} == _ids(rubric):
                left.scored[line.key] = _scored(line)
    return left


def _ids(rubric: Rubric) -> set[str]:
    return {question.id for question in rubric.questions}


def _scored(line: ScoredLine) -> ScoredSubmission:
    return ScoredSubmission(
        questions=line.questions,
        flags=line.flags,
        notes=line.notes,
        fault_log=line.faults,
        nearest=line.nearest,
        missing=line.missing,
    )


def _lost(rubric: Rubric, item: ScoreItem, ending: str) -> ScoredSubmission:
    """A submission on which scoring itself ended: one fault for each question, and everything open."""
    return ScoredSubmission(
        questions=tuple(_fault(question) for question in rubric.questions),
        flags=(FAULT_FLAG,),
        fault_log=f"{item.key}: the worker ended\n{ending}",
    )


def _fault(question: Question) -> QuestionMark:
    check = CheckMark(
        id=f"{question.id}/scoring",
        mark=None,
        max=rounded(question.marks),
        outcome=Outcome.FAULT,
        reason=FAULT_REASON,
    )
    return question_mark(question, [check])


def _write_logs(found: dict[str, ScoredSubmission], log_dir: Path) -> None:
    for key, scored in found.items():
        if scored.fault_log:
            log_dir.mkdir(parents=True, exist_ok=True)
            (log_dir / f"scoring-{key}.log").write_text(scored.fault_log, encoding="utf-8", errors="replace")
