"""The scoring of a command: submissions in chunks, each in a disposable worker. It judges nothing itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.coursework import student_version
from grader.forked import can_fork
from grader.rubric import Rubric
from grader.score.launcher import START_S, Launcher, worker_environment
from grader.score.nursery import Nursery
from grader.score.worker_lines import ScoredSubmission
from grader.score.worker_records import NurserySpec, ScoreItem
from grader.scratch import ScratchFolder

CHUNK = 250
"""Submissions for one worker: its death costs no more than the repetition of one, but what it has worked out goes."""


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
        self._folder = ScratchFolder("score")
        self._rounds = itertools.count()
        self._nursery: Nursery | None = None
        self._launcher: Launcher | None = None

    def start(self) -> None:
        """Start what workers are forked from, and wait for nothing; best while this process has a single thread."""
        if self._nursery is None and can_fork():
            template = student_version(self._rubric).notebook
            spec = NurserySpec(rubric=self._rubric, seed=self._seed, template=template)
            self._nursery = Nursery(spec, self._folder.path / "nursery", worker_environment(), start_s=START_S)

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
        self._folder.remove()

    def score(self, items: Sequence[ScoreItem], log_dir: Path | None = None) -> dict[str, ScoredSubmission]:
        """What `score_evidence` gives for these submissions; after an error nothing more can be scored."""
        chunks = [items[start : start + _chunk_size(len(items), self._count)] for start in self._starts(len(items))]
        found: dict[str, ScoredSubmission] = {}
        if chunks:
            scratch = self._folder.path / str(next(self._rounds))
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

    def _launch(self) -> Launcher:
        if self._launcher is None:
            self.start()
            forks = self._nursery is not None and self._nursery.forks
            nursery = self._nursery if forks else None
            self._launcher = Launcher(rubric=self._rubric, seed=self._seed, nursery=nursery)
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


def _write_logs(found: dict[str, ScoredSubmission], log_dir: Path) -> None:
    for key, scored in found.items():
        if scored.fault_log:
            log_dir.mkdir(parents=True, exist_ok=True)
            (log_dir / f"scoring-{key}.log").write_text(scored.fault_log, encoding="utf-8", errors="replace")
