"""Runs what has no evidence yet, and stores each part the moment it is complete.

Hand-ins are read back from the store one by one, so that what is held in memory does not grow with their number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from grader import execute
from grader.errors import GraderError
from grader.pipeline.course import Course
from grader.pipeline.interrupt import run_until_done
from grader.pipeline.progress import Observer
from grader.records import Reason
from grader.store import RunStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOptions:
    """How a batch is run."""

    concurrency: int
    unsafe_no_sandbox: bool = False


def execute_what_is_missing(
    store: RunStore,
    course: Course,
    observer: Observer,
    options: ExecutionOptions,
    *,
    asked: Mapping[str, Collection[str]] | None = None,
    isolations: execute.Isolations | None = None,
) -> frozenset[str]:
    """Run the stored hand-ins that have no evidence yet; returns the keys of those whose notebooks were run.

    Hand-ins with the same notebook (a group's, a second copy) are run once and share what came out.

    Args:
        store: the run.
        course: what is asked of the kernels.
        observer: is told how far the batch is.
        options: how it is run.
        asked: key -> parts that scoring has asked for; parts that are taken on demand are otherwise left out. If given,
            no other hand-in is looked at.
        isolations: of the command; None for some that end with this call.

    Raises:
        SandboxUnavailableError: if something has to be run and this host cannot isolate.
        KeyboardInterrupt: if the user or the system asked for the end; what was complete is stored.
    """
    environment = execute.locate(course.rubric.folder)
    groups = _groups(store, course, environment, asked)
    batch = _Batch(store, course, observer, [group for group in groups if group.missing])
    observer.begin(len(groups), len(groups) - len(batch))
    if len(batch):
        run_until_done(
            execute.execute_batch(
                batch.jobs(),
                rubric=course.rubric,
                seed=store.meta("seed") or "",
                environment=environment,
                concurrency=options.concurrency,
                unsafe=options.unsafe_no_sandbox,
                on_part=batch.on_part,
                on_done=batch.on_done,
                isolations=isolations,
            )
        )
    return batch.keys


_NEVER_RUN = {"cells": {"__all__": {"labels"}}}
"""What a notebook holds beside that which is run: two that differ only in it share their evidence."""


@dataclass(slots=True, kw_only=True)
class _Group:
    """Hand-ins with the same notebook."""

    expected: Mapping[str, str]
    """Part -> digest of everything on which it depends."""
    keys: list[str] = field(default_factory=list)
    """The first is executed for all of them."""
    missing: tuple[str, ...] = ()
    """Parts that some of them do not have, or have under other conditions."""


def _groups(
    store: RunStore,
    course: Course,
    environment: execute.KernelEnvironment,
    asked: Mapping[str, Collection[str]] | None,
) -> list[_Group]:
    """The stored hand-ins that can be run, by what their notebooks hold, which is stored beside their evidence."""
    groups: dict[str, _Group] = {}
    conditions = _conditions(course, store.meta("seed") or "", environment)
    for key in store.submission_keys() if asked is None else asked:
        notebook = store.submission(key).notebook
        if notebook is None:
            continue
        store.put_notebook(key, notebook.model_dump_json().encode())
        digest = hashlib.sha256(notebook.model_dump_json(exclude=_NEVER_RUN).encode()).hexdigest()
        if digest not in groups:
            wanted = execute.parts_wanted(notebook, course.rubric.execution, course.plan.stand_ins)
            groups[digest] = _Group(expected={part: execute.part_key(digest, conditions[part]) for part in wanted})
        groups[digest].keys.append(key)
    stored = store.part_digests()
    for group in groups.values():
        group.missing = tuple(
            part
            for part, digest in group.expected.items()
            if any(_is_missing(part, stored.get((key, part)), digest, (asked or {}).get(key, ())) for key in group.keys)
        )
    return list(groups.values())


def _is_missing(part: str, stored: str | None, expected: str, asked: Collection[str]) -> bool:
    """True if a part is to be taken, by the digest under which it is stored; None if it is not."""
    if stored is None and part in execute.ON_DEMAND:
        return part in asked
    return stored != expected


def _conditions(course: Course, seed: str, environment: execute.KernelEnvironment) -> dict[str, str]:
    """For each part a digest of all on which it depends beside the hand-in."""
    return {
        part: execute.conditions_of(
            part,
            probes=course.plan.stand_ins if part == "stand-ins" else course.plan.student,
            subjects=course.plan.subjects,
            seed=seed,
            environment=environment,
            execution=course.rubric.execution,
        )
        for part in execute.PARTS
    }


class _Batch:
    """The jobs of one call, and what happens with what they yield."""

    def __init__(self, store: RunStore, course: Course, observer: Observer, groups: list[_Group]) -> None:
        self._store = store
        self._course = course
        self._observer = observer
        self._groups = {group.keys[0]: group for group in groups}

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def keys(self) -> frozenset[str]:
        """One of each group."""
        return frozenset(self._groups)

    def jobs(self) -> Iterator[execute.Job]:
        """One job for each group, made when it is asked for."""
        plan = self._course.plan
        for key, group in self._groups.items():
            yield execute.Job(
                submission=self._store.submission(key),
                parts=group.missing,
                probes=plan.student,
                stand_in_probes=plan.stand_ins,
                subjects=plan.subjects,
            )

    def on_part(self, job: execute.Job, outcome: execute.PartOutcome) -> None:
        """Store a part; returns when it is safe. Called from a thread of its own."""
        files = {f"{outcome.part}.json": outcome.record.model_dump_json().encode()}
        if outcome.tensors:
            files[f"{outcome.part}.safetensors"] = outcome.tensors
        if outcome.executed is not None:
            name = "executed.ipynb" if outcome.part == "student" else f"executed-{outcome.part}.ipynb"
            files[name] = outcome.executed
        group = self._groups[job.submission.key]
        first, *others = group.keys
        self._store.put_part(
            first, outcome.part, group.expected[outcome.part], outcome.record.level, files, also=others
        )

    def on_done(self, job: execute.Job, error: GraderError | None) -> None:
        """Store a fault of ours, and tell how far the batch is."""
        problem = None
        if error is not None:
            problem = Reason(code=error.code, what=error.what, where=error.where, next_step=error.next_step)
            for key in self._groups[job.submission.key].keys:
                self._store.put_fault(key, problem)
        self._observer.finished(job.submission, problem)
