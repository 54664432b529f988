"""Many submissions, a few at a time: each fault stays with its own submission, and nothing is left running.

A kernel takes one of a few places until it has ended, however long that takes; the others go on beside it. One that
trains on a GPU takes none of the CPU's. A part is stored before anything else of its submission begins, and one more
submission is at work than there are places, so that they are not empty while evidence is read and stored. A job is
taken only when it can begin, so that what the grader holds does not grow with the length of the batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from grader.errors import GraderError, SandboxError
from grader.execute.devices import Gpus, GpuSlots, Share, find_gpus
from grader.execute.environment import KernelEnvironment
from grader.execute.isolation import Isolation
from grader.execute.kept import Isolations
from grader.execute.plan import PARTS, PartName, cells_to_train, launch_of, mounts_of, needs_of, training_cells
from grader.execute.session import Clock, PartOutcome, PartPlan, PartSession
from grader.probes import Probe
from grader.records import NotebookRecord, Submission
from grader.rubric import Rubric

_WAITING_FOR_A_GPU = 2
"""Submissions that may wait for each slot of a GPU before no more are begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is wanted of one submission."""

    submission: Submission
    parts: tuple[str, ...]
    """The parts to take, of "student", "stand-ins" and "training"."""
    probes: tuple[Probe, ...] = ()
    """Of the part "student"."""
    stand_in_probes: tuple[Probe, ...] = ()
    """Of the part "stand-ins"."""
    subjects: tuple[str, ...] = ()
    """Names of which every definition is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all jobs of a batch share."""

    rubric: Rubric
    seed: str
    environment: KernelEnvironment
    isolation: Isolation
    gpus: Gpus = field(default_factory=Gpus)
    """What there is of GPUs; none is looked for where the rubric sends nothing to one."""
    room: AbstractAsyncContextManager[None] = field(default_factory=nullcontext)
    """For kernels at a time, those on a GPU apart; any number if left out."""


OnPart = Callable[[Job, PartOutcome], None]
OnDone = Callable[[Job, GraderError | None], None]


async def execute_batch(
    jobs: Iterable[Job],
    *,
    rubric: Rubric,
    seed: str,
    environment: KernelEnvironment,
    on_part: OnPart,
    on_done: OnDone,
    concurrency: int = 2,
    level: str | None = None,
    unsafe: bool = False,
    gpus: Gpus | None = None,
    isolations: Isolations | None = None,
) -> None:
    """Take evidence of many submissions; returns when all are done.

    Args:
        jobs: taken one by one, when there is room for the next.
        rubric: says what may run, for how long, and with what around it.
        seed: the run's seed, the same for all.
        environment: what the kernels run in.
        on_part: called in a thread as soon as a part is complete, so that it can be stored; its submission waits.
        on_done: called once for each job, with the fault of ours that ended it, if any.
        concurrency: kernels at work at a time, those that train on a GPU apart; one more may be starting.
        level: of isolation; None for the strongest of this host.
        unsafe: True to run without a sandbox, for one's own code only.
        gpus: None to look for them, if the rubric wants one.
        isolations: of the caller, who closes them; None for some that end with this batch.

    Raises:
        SandboxUnavailableError: if this host cannot isolate.
        RubricError: if a folder that kernels should see is not there.
    """
    mounts_of(rubric.execution, rubric.folder)
    if rubric.execution.training.device == "cpu":
        gpus = Gpus()
    elif gpus is None:
        gpus = await asyncio.to_thread(find_gpus)
    concurrency = max(1, concurrency)
    kept = isolations or Isolations()
    try:
        isolation = kept.get(level, unsafe=unsafe)
        setting = Setting(
            rubric=rubric,
            seed=seed,
            environment=environment,
            isolation=isolation,
            gpus=gpus,
            room=asyncio.Semaphore(concurrency),
        )
        await _Batch(iter(jobs), setting, on_part, on_done).run(concurrency + 1)
    finally:
        if isolations is None:
            await kept.close()


class _Batch:
    """The workers of a batch and what they share."""

    def __init__(self, jobs: Iterator[Job], setting: Setting, on_part: OnPart, on_done: OnDone) -> None:
        self._jobs = jobs
        self._setting = setting
        self._on_part = on_part
        self._on_done = on_done
        self._slots = GpuSlots(setting.gpus, setting.rubric.execution.training.fraction)
        self._may_wait = asyncio.Semaphore(_WAITING_FOR_A_GPU * len(self._slots))

    async def run(self, at_work: int) -> None:
        """Do all jobs, so many at a time."""
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_work):
                    group.create_task(self._worker(group))
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from faults

    async def _worker(self, group: asyncio.TaskGroup) -> None:
        for job in self._jobs:
            clock = Clock(self._setting.rubric.execution.limits.notebook_s)
            elsewhere = tuple(part for part in job.parts if part == "training" and len(self._slots))
            here = tuple(part for part in job.parts if part not in elsewhere)
            fault = await self._guarded(job, here, clock)
            if elsewhere and fault is None:
                await self._may_wait.acquire()
                group.create_task(self._on_gpu(job, elsewhere, clock))
            else:
                self._on_done(job, fault)

    async def _on_gpu(self, job: Job, parts: Sequence[str], clock: Clock) -> None:
        try:
            async with self._slots.one() as share:
                fault = await self._guarded(job, parts, clock, share)
            self._on_done(job, fault)
        finally:
            self._may_wait.release()

    async def _guarded(
        self, job: Job, parts: Sequence[str], clock: Clock, share: Share | None = None
    ) -> GraderError | None:
        """Take some parts; the fault of ours that ended this, if any."""
        try:
            await execute_job(replace(job, parts=tuple(parts)), self._setting, self._on_part, clock, share)
        except GraderError as error:
            return error
        except Exception as error:  # noqa: BLE001 - the guard around a submission in a batch
            fault = SandboxError(
                "execute-fault",
                f"{type(error).__name__} while evidence was taken: {error}",
                where=job.submission.key,
                next_step="grade again; if it stays, report it with the submission",
            )
            fault.__cause__ = error
            return fault
        return None


async def execute_job(
    job: Job, setting: Setting, on_part: OnPart, clock: Clock | None = None, share: Share | None = None
) -> None:
    """Take the parts of one submission, in their order, in kernels of its own.

    Args:
        job: what is wanted.
        setting: of the batch.
        on_part: called in a thread with each part; the next one begins when it returns.
        clock: what is left of the submission's time, which is reduced; None if all of it is.
        share: of a GPU, for the cells that train.

    Raises:
        SandboxError: if kernels do not start, which is no fault of the submission's.
    """
    notebook = job.submission.notebook
    if notebook is None:
        return
    clock = clock or Clock(setting.rubric.execution.limits.notebook_s)
    for part in PARTS:
        if part in job.parts:
            plan = _plan(part, job, notebook, setting, share)
            room = setting.room if share is None else None
            outcome = await PartSession(setting.isolation, plan, clock, room).run()
            # A thread, because a slow disk would hold up every other kernel. One that has begun ends, come what may.
            await asyncio.to_thread(on_part, job, outcome)


def _plan(part: PartName, job: Job, notebook: NotebookRecord, setting: Setting, share: Share | None) -> PartPlan:
    execution = setting.rubric.execution
    needs = needs_of(notebook, execution, part)
    launch = replace(launch_of(setting.rubric, setting.environment), needs=needs)
    plan = PartPlan(
        part=part,
        notebook=notebook,
        launch=launch,
        execution=execution,
        seed=setting.seed,
        subjects=job.subjects,
        training_cells=training_cells(notebook, execution.training),
    )
    if part == "student":
        return replace(plan, probes=job.probes)
    if part == "stand-ins":
        return replace(plan, probes=job.stand_in_probes)
    plan = replace(plan, train=cells_to_train(notebook, execution.training))
    if execution.training.device == "cpu":
        return plan
    if share is None:
        return replace(plan, notes=(f"Training ran on the CPU: {setting.gpus.absent}.",))
    return replace(plan, gpu_fraction=share.fraction, launch=replace(launch, devices=share.devices))
