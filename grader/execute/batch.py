"""Many submissions, a few at a time: each fault stays with its own submission, and nothing is left running."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from grader.errors import GraderError, SandboxError
from grader.execute.detect import detect
from grader.execute.environment import KernelEnvironment
from grader.execute.isolation import Isolation
from grader.execute.layout import Launch
from grader.execute.plan import PARTS, PartName, cells_to_train, mounts_of, training_cells
from grader.execute.session import Clock, PartOutcome, PartPlan, PartSession
from grader.probes import Probe
from grader.records import NotebookRecord, Submission
from grader.rubric import Rubric


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
) -> None:
    """Take evidence of many submissions; returns when all are done.

    Args:
        jobs: taken one by one, when there is room for the next.
        rubric: says what may run, for how long, and with what around it.
        seed: the run's seed, the same for all.
        environment: what the kernels run in.
        on_part: called as soon as a part is complete, so that it can be stored.
        on_done: called once for each job, with the fault of ours that ended it, if any.
        concurrency: kernels at a time.
        level: of isolation; None for the strongest of this host.
        unsafe: True to run without a sandbox, for one's own code only.

    Raises:
        SandboxUnavailableError: if this host cannot isolate.
        RubricError: if a folder that kernels should see is not there.
    """
    mounts_of(rubric.execution, rubric.folder)
    setting = Setting(rubric=rubric, seed=seed, environment=environment, isolation=detect(level, unsafe=unsafe))
    waiting = iter(jobs)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, concurrency)):
                group.create_task(_worker(waiting, setting, on_part, on_done))
    finally:
        await setting.isolation.close()


async def _worker(jobs: Iterator[Job], setting: Setting, on_part: OnPart, on_done: OnDone) -> None:
    for job in jobs:
        fault: GraderError | None = None
        try:
            await execute_job(job, setting, on_part)
        except GraderError as error:
            fault = error
        except Exception as error:  # noqa: BLE001 - the guard around a submission in a batch
            fault = SandboxError(
                "execute-fault",
                f"{type(error).__name__} while evidence was taken: {error}",
                where=job.submission.key,
                next_step="grade again; if it stays, report it with the submission",
            )
            fault.__cause__ = error
        on_done(job, fault)


async def execute_job(job: Job, setting: Setting, on_part: OnPart) -> None:
    """Take the parts of one submission, in their order, in kernels of its own.

    Raises:
        SandboxError: if kernels do not start, which is no fault of the submission's.
    """
    notebook = job.submission.notebook
    if notebook is None:
        return
    clock = Clock(setting.rubric.execution.limits.notebook_s)
    for part in PARTS:
        if part in job.parts:
            plan = _plan(part, job, notebook, setting)
            on_part(job, await PartSession(setting.isolation, plan, clock).run())


def _plan(part: PartName, job: Job, notebook: NotebookRecord, setting: Setting) -> PartPlan:
    execution = setting.rubric.execution
    launch = Launch(
        environment=setting.environment,
        limits=execution.limits,
        job={},
        key="",
        mounts=mounts_of(execution, setting.rubric.folder),
        threads=execution.threads,
        preload=execution.preload,
    )
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
    return replace(plan, train=cells_to_train(notebook, execution.training))
