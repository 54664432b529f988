"""From stored evidence to marks; what scoring finds to be missing is taken, and scored again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from grader import execute, score
from grader.pipeline.course import Course
from grader.pipeline.current import current_digests
from grader.pipeline.execution import ExecutionOptions, execute_what_is_missing
from grader.pipeline.interrupt import run_until_done
from grader.pipeline.progress import Observer
from grader.records import RunMarks
from grader.shared_marks import SharedMarks
from grader.store import RunStore

Scored = dict[str, score.ScoredSubmission]


@contextmanager
def kept_isolations(begun: execute.Isolations | None = None) -> Iterator[execute.Isolations]:
    """The isolation of kernels for all rounds of a command; nothing of it is left running, however they end.

    Args:
        begun: what the command has made already; None to make it here.
    """
    isolations = execute.Isolations() if begun is None else begun
    try:
        yield isolations
    finally:
        run_until_done(isolations.close())


def execute_and_score(
    store: RunStore, course: Course, observer: Observer, options: ExecutionOptions, isolations: execute.Isolations
) -> tuple[Scored, int]:
    """Run what has no evidence yet, score everything, and do both again where a verdict needs more evidence.

    Returns:
        What scoring found by key, and how many notebooks were run.

    Raises:
        SandboxUnavailableError: if something has to be run and this host cannot isolate.
        KeyboardInterrupt: if the user or the system asked for the end; what was complete is stored.
    """
    with score.Workers(course.rubric, seed=store.meta("seed") or "", count=options.concurrency) as workers:
        workers.start()  # before anything here has threads
        ran = execute_what_is_missing(store, course, observer, options, isolations=isolations)
        observer.stage("scoring")
        scored = _scored(store, workers)
        asked = {
            key: parts for key, found in scored.items() if (parts := set(found.missing).intersection(execute.ON_DEMAND))
        }
        if asked:
            observer.stage("taking evidence that scoring has asked for")
            ran |= execute_what_is_missing(store, course, observer, options, asked=asked, isolations=isolations)
            observer.stage("scoring")
            scored |= _scored(store, workers, only=asked)
    return scored, len(ran)


def score_stored(store: RunStore, course: Course, count: int) -> Scored:
    """What scoring finds in the evidence that is there, by key, with so many workers."""
    with score.Workers(course.rubric, seed=store.meta("seed") or "", count=count) as workers:
        return _scored(store, workers)


def _scored(store: RunStore, workers: score.Workers, *, only: Collection[str] | None = None) -> Scored:
    items = [
        score.ScoreItem(key=submission.key, folder=store.evidence_folder / submission.key)
        for submission in store.submissions()
        if submission.notebook is not None and (only is None or submission.key in only)
    ]
    return workers.score(items, log_dir=store.folder / "logs")


def marks_of(store: RunStore, course: Course, scored: Scored) -> RunMarks:
    """The marks that follow from what was found; nothing is written."""
    events = store.events()
    faults = store.faults()
    shared = SharedMarks()
    rows = [
        shared.row(score.finish(one, scored.get(one.key), course.rubric, events, fault=faults.get(one.key)))
        for one in store.submissions()
    ]
    return RunMarks(
        rubric=course.rubric.name,
        title=course.rubric.title,
        digests=current_digests(store, course),
        isolation=tuple(store.levels()),
        submissions=tuple(score.choose_attempts(rows, course.rubric)),
    )
