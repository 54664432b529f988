"""Builders for the tests of execution: notebooks of plain sources, plans and one way to run them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grader.evidence import PartRecord
from grader.execute.detect import detect
from grader.execute.environment import KernelEnvironment, locate
from grader.execute.isolation import Isolation
from grader.execute.layout import Launch
from grader.execute.session import Clock, PartOutcome, PartPlan, PartSession
from grader.limits import MIB, Limits
from grader.probes import Call, Probe
from grader.records import CellKind, NotebookCell, NotebookRecord
from grader.rubric import Execution

LEVELS = ("sealed", "bubblewrap")
"""Every level at which a hand-in may run; a suite about kernels runs at each."""
REPOSITORY = Path(__file__).resolve().parents[2]
STUB_AGENT = Path(__file__).parent / "execute_stub_agent"
QUICK = Limits(statement_s=1.0, probe_s=1.0, notebook_s=60.0, scratch_bytes=16 * MIB)
"""Limits that a test can wait for; the host adds its own grace."""


def notebook(*sources: str) -> NotebookRecord:
    """A notebook of code cells."""
    cells = tuple(NotebookCell(index=index, kind=CellKind.CODE, source=source) for index, source in enumerate(sources))
    return NotebookRecord(source_name="hand-in.ipynb", format="ipynb", cells=cells)


def probe(identifier: str, subject: str = "answer", *, after: Sequence[str] = (), order: int = 0) -> Probe:
    """A probe that calls its subject."""
    steps = (Call(save="value", target={"name": subject}),)
    return Probe(id=identifier, subject=subject, steps=steps, after=tuple(after), order=order)


def environment() -> KernelEnvironment:
    """The smallest kernel environment of this repository."""
    return locate(REPOSITORY / "rubrics" / "first_steps")


def launch(*, limits: Limits = QUICK, agent: Path = STUB_AGENT) -> Launch:
    """A launch with nothing to do yet."""
    return Launch(environment=environment(), limits=limits, job={}, key="", agent=agent)


def plan(
    hand_in: NotebookRecord, *, probes: Sequence[Probe] = (), limits: Limits = QUICK, agent: Path = STUB_AGENT
) -> PartPlan:
    """A part `student` over a notebook."""
    return PartPlan(
        part="student",
        notebook=hand_in,
        launch=launch(limits=limits, agent=agent),
        execution=Execution(limits=limits),
        seed="seed",
        probes=tuple(probes),
        subjects=tuple({probe.subject for probe in probes if probe.subject is not None}),
    )


def take(wanted: PartPlan, isolation: Isolation | None = None) -> PartOutcome:
    """Run a plan to its end, at the strongest level of this host or at the given one."""

    async def run() -> PartOutcome:
        level = isolation or detect()
        try:
            return await PartSession(level, wanted, Clock(wanted.launch.limits.notebook_s)).run()
        finally:
            if isolation is None:
                await level.close()

    return asyncio.run(run())


@contextmanager
def opened(level: str) -> Iterator[Isolation]:
    """A level of isolation, closed in the end; kernels of several event loops may use it one after the other."""
    isolation = detect(level)
    try:
        yield isolation
    finally:
        asyncio.run(isolation.close())


class AtLevel:
    """Runs plans at one level of isolation."""

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation

    def __call__(self, wanted: PartPlan, isolation: Isolation | None = None) -> PartOutcome:
        return take(wanted, isolation or self.isolation)


def status_of(record: PartRecord) -> dict[str, str]:
    """Status of each probe on its first definition."""
    return {run.probe: run.status for run in record.probes if run.definition == 0}
