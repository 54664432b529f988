"""A batch whose kernels are played by the test, so that it decides when each part ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError
from grader.evidence import PartRecord
from grader.execute import Job, PartOutcome, execute_batch, kept
from grader.execute import batch as batch_module
from grader.execute.devices import Gpu, Gpus
from grader.execute.environment import KernelEnvironment
from grader.execute.session import PartPlan
from grader.execute.unsafe import NoSandbox
from grader.records import CellKind, NotebookCell, NotebookRecord, Submission
from grader.rubric import Execution, Question, Rubric, Training

TRAINS = NotebookCell(index=0, kind=CellKind.CODE, source="TRAIN")
NOTEBOOK = NotebookRecord(source_name="a.ipynb", format="ipynb", cells=(TRAINS,))
Play = Callable[[str, PartPlan], Awaitable[None]]


def rubric(folder: Path, **training: Any) -> Rubric:
    question = Question.model_validate({"id": "1", "title": "One", "marks": 1})
    execution = Execution(training=Training.model_validate({"contains": ("TRAIN",), "when": "always"} | training))
    return Rubric(title="One", folder=folder, questions=(question,), execution=execution)


def job(key: str, *parts: str) -> Job:
    notebook = NOTEBOOK.model_copy(update={"source_name": key})
    submission = Submission(student=key, name=key, submission=f"{key}.ipynb", key=key, notebook=notebook)
    return Job(submission=submission, parts=parts or ("student",))


def cards(count: int) -> Gpus:
    """Cards whose nodes are the host's /dev/null."""
    return Gpus(
        cards=tuple(
            Gpu(
                name=f"Card {minor}",
                minor=minor,
                uuid=f"GPU-{minor}",
                nodes=((Path("/dev/null"), f"/dev/nvidia{minor}"),),
            )
            for minor in range(count)
        )
    )


class Stage:
    """Runs batches without a kernel; `play` is awaited in place of each part, with the key of its submission."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.stored: list[tuple[str, str]] = []
        self.done: list[str] = []
        self.faults: dict[str, GraderError] = {}
        self.at_work: set[str] = set()
        self.most_at_work = 0
        self.plans: dict[tuple[str, str], PartPlan] = {}
        self.on_part: Callable[[Job, PartOutcome], None] = self._store
        self._folder = folder
        self._play: Play = _at_once
        stage = self

        class PlayedSession:
            def __init__(
                self, isolation: object, plan: PartPlan, clock: object, room: AbstractAsyncContextManager[None] | None
            ) -> None:
                self._plan = plan
                self._room = room or nullcontext()

            async def run(self) -> PartOutcome:
                async with self._room:
                    return await stage.part(self._plan)

        patch.setattr(batch_module, "PartSession", PlayedSession)
        patch.setattr(kept, "detect", lambda level, *, unsafe: NoSandbox())

    async def part(self, plan: PartPlan) -> PartOutcome:
        key = plan.notebook.source_name
        self.plans[key, plan.part] = plan
        self.at_work.add(key)
        self.most_at_work = max(self.most_at_work, len(self.at_work))
        try:
            await self._play(key, plan)
        finally:
            self.at_work.discard(key)
        record = PartRecord(part=plan.part, level="none", seed=plan.seed)
        return PartOutcome(part=plan.part, record=record, tensors=b"", executed=None)

    def run(self, jobs: Iterable[Job], play: Play | None = None, **settings: Any) -> None:
        asyncio.run(self.arun(jobs, play, **settings))

    async def arun(self, jobs: Iterable[Job], play: Play | None = None, **settings: Any) -> None:
        """`settings` are those of `execute_batch`; `training` of them are the rubric's."""
        self._play = play or _at_once
        await execute_batch(
            jobs,
            rubric=rubric(self._folder, **settings.pop("training", {})),
            seed="seed",
            environment=KernelEnvironment(path=self._folder, digest="d"),
            on_part=self.on_part,
            on_done=settings.pop("on_done", self._done),
            **settings,
        )

    def _store(self, job: Job, outcome: PartOutcome) -> None:
        self.stored.append((job.submission.key, outcome.part))

    def _done(self, job: Job, fault: GraderError | None) -> None:
        self.done.append(job.submission.key)
        if fault is not None:
            self.faults[job.submission.key] = fault


async def _at_once(key: str, plan: PartPlan) -> None:
    await asyncio.sleep(0)
