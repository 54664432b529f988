"""Launches scoring workers, believes no line of theirs unread, and finds the submission on which one died.

This is the launcher: the only module of the stage that starts processes. It judges nothing itself.
"""

from __future__ import annotations

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

from grader.errors import CheckFaultError, RubricError
from grader.records import CheckMark, Outcome, QuestionMark
from grader.rubric import Question, Rubric
from grader.score.case import FAULT_FLAG, FAULT_REASON
from grader.score.marks import question_mark, rounded
from grader.score.worker_records import (
    LINE,
    EndLine,
    ErrorLine,
    ScoredLine,
    ScoreItem,
    StartedLine,
    WorkerSpec,
)

CHUNK = 50
"""Submissions for one worker: its start costs some seconds, its death costs no more than their repetition."""
_START_S = 120.0
_WALL_FACTOR = 4.0
_LINE_BYTES = 16 * 1024 * 1024
_LOG_CHARS = 20_000


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


@dataclass(slots=True, kw_only=True)
class _Yield:
    """What one worker left behind."""

    scored: dict[str, ScoredSubmission] = field(default_factory=dict)
    started: bool = False
    ended: bool = False
    ending: str = ""
    """How the process ended, for the log."""


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
    chunks = [items[start : start + _chunk_size(len(items), workers)] for start in _starts(len(items), workers)]
    found: dict[str, ScoredSubmission] = {}
    with (
        tempfile.TemporaryDirectory(prefix="grader-score-") as scratch,
        ThreadPoolExecutor(max(workers, 1)) as pool,
    ):
        stopping = threading.Event()
        jobs = [
            pool.submit(_score_chunk, chunk, rubric, seed, Path(scratch) / str(number), stopping)
            for number, chunk in enumerate(chunks)
        ]
        try:
            for job in jobs:
                found.update(job.result())
        finally:
            stopping.set()  # after an interrupt or an error no further worker is started
    if log_dir is not None:
        _write_logs(found, log_dir)
    return {item.key: found[item.key] for item in items}


def _chunk_size(count: int, workers: int) -> int:
    """At most CHUNK, and small enough that every worker has something to do."""
    return max(1, min(CHUNK, -(-count // max(workers, 1))))


def _starts(count: int, workers: int) -> range:
    return range(0, count, _chunk_size(count, workers))


def _score_chunk(
    items: Sequence[ScoreItem], rubric: Rubric, seed: str, scratch: Path, stopping: threading.Event
) -> dict[str, ScoredSubmission]:
    """Score a chunk with as many workers as it takes.

    Lines come in order, so the first submission without one is where a worker died. It is tried once more alone, since
    the ones before it may have used up what it needed; the rest goes on together.
    """
    scratch.mkdir()
    found: dict[str, ScoredSubmission] = {}
    waiting: deque[list[ScoreItem]] = deque([list(items)])
    number = 0
    while waiting and not stopping.is_set():
        batch = waiting.popleft()
        number += 1
        left = _run_worker(batch, rubric, seed, scratch / f"{number}")
        if not left.started and not left.scored and not left.ended:
            raise CheckFaultError(
                "scoring-worker-failed",
                f"a scoring worker did not start: {left.ending}",
                where=rubric.name,
                next_step="run `grader doctor`; the last lines above are the worker's own",
            )
        found.update(left.scored)
        remaining = [item for item in batch if item.key not in found]
        if not remaining:
            continue
        suspect, rest = remaining[0], remaining[1:]
        if len(batch) == 1:
            found[suspect.key] = _lost(rubric, suspect, left.ending)
        else:
            waiting.append([suspect])
        if rest:
            waiting.append(rest)
    return found


def _run_worker(items: Sequence[ScoreItem], rubric: Rubric, seed: str, scratch: Path) -> _Yield:
    scratch.mkdir()
    limits = rubric.execution.limits
    output = scratch / "lines.jsonl"
    spec = WorkerSpec(
        rubric=rubric.folder,
        seed=seed,
        items=tuple(items),
        output=output,
        cpu_s=limits.scoring_cpu_s,
        memory_bytes=limits.scoring_memory_bytes,
    )
    (scratch / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    log = scratch / "worker.log"
    command = [sys.executable, "-m", "grader.score.worker_main", str(scratch / "spec.json")]
    deadline = _START_S + _WALL_FACTOR * limits.scoring_cpu_s * len(items)
    with log.open("wb") as stream:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env=_environment(),
                timeout=deadline,
                cwd=scratch,
                check=False,
            )
            ending = f"exit status {done.returncode}"
        except subprocess.TimeoutExpired:
            ending = f"stopped after {deadline:.0f} s"
    left = _read_lines(output, {item.key for item in items}, rubric)
    left.ending = f"{ending}\n{_tail(log)}".strip()
    return left


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


def _tail(log: Path) -> str:
    size = log.stat().st_size
    with log.open("rb") as stream:
        stream.seek(max(0, size - _LOG_CHARS))
        return stream.read(_LOG_CHARS).decode("utf-8", "replace")


def _write_logs(found: dict[str, ScoredSubmission], log_dir: Path) -> None:
    for key, scored in found.items():
        if scored.fault_log:
            log_dir.mkdir(parents=True, exist_ok=True)
            (log_dir / f"scoring-{key}.log").write_text(scored.fault_log, encoding="utf-8", errors="replace")
