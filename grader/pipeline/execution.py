"""Runs what has no evidence yet, and stores each part the moment it is complete."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from grader import execute
from grader.errors import GraderError
from grader.pipeline.course import Course
from grader.pipeline.progress import Observer
from grader.records import Reason, Submission
from grader.store import RunStore, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionOptions:
    """How a batch is run."""

    concurrency: int
    unsafe_no_sandbox: bool = False


def execute_what_is_missing(
    store: RunStore, course: Course, submissions: Sequence[Submission], observer: Observer, options: ExecutionOptions
) -> int:
    """Run what has no evidence yet; returns how many hand-ins were run.

    Hand-ins with the same notebook (a group's, a second copy) are run once and share what came out.

    Raises:
        SandboxUnavailableError: if something has to be run and this host cannot isolate.
    """
    environment = execute.locate(course.rubric.folder)
    batch = _Batch(store, observer)
    for digest, members in _groups(store, submissions).items():
        batch.plan(course, digest, members, environment)
    observer.begin(batch.runnable, batch.runnable - len(batch.jobs))
    if batch.jobs:
        asyncio.run(
            execute.execute_batch(
                batch.jobs,
                rubric=course.rubric,
                seed=store.meta("seed") or "",
                environment=environment,
                concurrency=options.concurrency,
                unsafe=options.unsafe_no_sandbox,
                on_part=batch.on_part,
                on_done=batch.on_done,
            )
        )
    return len(batch.jobs)


def _groups(store: RunStore, submissions: Sequence[Submission]) -> dict[str, list[Submission]]:
    """Submissions by the digest of their notebook, which is stored beside their evidence."""
    groups: dict[str, list[Submission]] = {}
    for submission in submissions:
        if submission.notebook is not None:
            content = submission.notebook.model_dump_json().encode()
            folder = store.evidence_folder / submission.key
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / "notebook.json", content)
            groups.setdefault(hashlib.sha256(content).hexdigest(), []).append(submission)
    return groups


class _Batch:
    """The jobs of one call, and what happens with what they yield."""

    def __init__(self, store: RunStore, observer: Observer) -> None:
        self.jobs: list[execute.Job] = []
        self.runnable = 0
        self._store = store
        self._observer = observer
        self._members: dict[str, list[Submission]] = {}
        self._digests: dict[tuple[str, str], str] = {}

    def plan(
        self, course: Course, digest: str, members: list[Submission], environment: execute.KernelEnvironment
    ) -> None:
        """Add a job for the parts of one notebook that are missing or were taken under other conditions."""
        first = members[0]
        notebook = first.notebook
        if notebook is None:
            return
        self.runnable += 1
        self._members[first.key] = members
        missing = []
        execution = course.rubric.execution
        for part in execute.parts_wanted(notebook, execution, course.plan.stand_ins):
            expected = execute.part_key(
                part,
                submission=digest,
                probes=course.plan.stand_ins if part == "stand-ins" else course.plan.student,
                subjects=course.plan.subjects,
                seed=self._store.meta("seed") or "",
                environment=environment,
                execution=execution,
            )
            self._digests[first.key, part] = expected
            if any(self._store.part_digest(member.key, part) != expected for member in members):
                missing.append(part)
        if missing:
            self.jobs.append(
                execute.Job(
                    submission=first,
                    parts=tuple(missing),
                    probes=course.plan.student,
                    stand_in_probes=course.plan.stand_ins,
                    subjects=course.plan.subjects,
                )
            )

    def on_part(self, job: execute.Job, outcome: execute.PartOutcome) -> None:
        files = {f"{outcome.part}.json": outcome.record.model_dump_json().encode()}
        if outcome.tensors:
            files[f"{outcome.part}.safetensors"] = outcome.tensors
        if outcome.executed is not None:
            name = "executed.ipynb" if outcome.part == "student" else f"executed-{outcome.part}.ipynb"
            files[name] = outcome.executed
        digest = self._digests[job.submission.key, outcome.part]
        self._store.note_execution(job.submission.key, outcome.part, digest)
        for member in self._members[job.submission.key]:
            self._store.put_part(member.key, outcome.part, digest, outcome.record.level, files)

    def on_done(self, job: execute.Job, error: GraderError | None) -> None:
        problem = None
        if error is not None:
            problem = Reason(code=error.code, what=error.what, where=error.where, next_step=error.next_step)
            for member in self._members[job.submission.key]:
                self._store.put_fault(member.key, problem)
        self._observer.finished(job.submission, problem)
