"""One part of a submission's evidence: kernel after kernel, until everything was run or left out for a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from grader.errors import SandboxError
from grader.evidence import CellRun, PartRecord
from grader.execute.collect import JournalLine, KernelEvidence, collect
from grader.execute.executed import executed_notebook
from grader.execute.isolation import Isolation
from grader.execute.kernel import Answer, Kernel
from grader.execute.layout import Launch
from grader.execute.ledger import EVERY_DEFINITION, Bad, Ledger
from grader.execute.plan import PartName, in_order, limits_for_agent
from grader.execute.reader import Allowance
from grader.execute.tensors import pack
from grader.execute.training import describe_training
from grader.execute.units import Unit, units_of
from grader.execute.watch import Cause, Patience
from grader.limits import Limits
from grader.probes import Probe
from grader.records import CellKind, NotebookRecord, cell_name
from grader.rubric import Execution

MOST_KERNELS = 8
_GRACE_S = 3.0


class Clock:
    """Time that the kernels of one submission may still take together."""

    def __init__(self, seconds: float) -> None:
        self.left_s = seconds

    def took(self, seconds: float) -> None:
        """Count the time of one request."""
        self.left_s -= seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlan:
    """What one part asks for."""

    part: PartName
    notebook: NotebookRecord
    launch: Launch
    execution: Execution
    seed: str
    probes: tuple[Probe, ...] = ()
    subjects: tuple[str, ...] = ()
    training_cells: tuple[int, ...] = ()
    """All cells that train; only assignments of constants are run of them, except in the part `training`."""
    train: tuple[int, ...] = ()
    """The training cells that are run as they stand, last."""
    gpu_fraction: float | None = None
    """How much of a GPU the kernel is lent; None for none."""
    notes: tuple[str, ...] = ()
    """Sentences that are known before anything runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOutcome:
    """A complete part, ready to be stored."""

    part: str
    record: PartRecord
    tensors: bytes
    """A safetensors file."""
    executed: bytes | None
    """executed.ipynb; plain text outputs only."""


class PartSession:
    """Takes one part.

    Args:
        isolation: the level at which kernels run.
        plan: what is asked for.
        clock: what is left of the submission's time; reduced.
        room: for so many kernels at work; one that starts takes none, nor one that has ended, whose evidence is read.
    """

    def __init__(
        self, isolation: Isolation, plan: PartPlan, clock: Clock, room: AbstractAsyncContextManager[None] | None = None
    ) -> None:
        self._isolation = isolation
        self._plan = plan
        self._clock = clock
        self._room = room or nullcontext()
        self._limits: Limits = plan.launch.limits
        self._ledger = Ledger(probes=in_order(plan.probes))
        self._allowance = Allowance(tensor_bytes=self._limits.evidence_bytes)
        self._outputs: dict[int, list[dict[str, Any]]] = {}
        self._answered: set[str] = set()
        self._kernels = 0
        self._singly = False
        """True once a kernel ended among cells or probes and nobody knows at which."""
        self._killed_once: set[Unit] = set()
        """Requests during which someone else has killed the kernel."""
        self._notes: list[str] = list(plan.notes)

    async def run(self) -> PartOutcome:
        """The part, complete.

        Raises:
            SandboxError: if kernels do not start here, or our agent does not.
        """
        reason = f"{MOST_KERNELS} kernels had to be given up"
        while self._kernels < MOST_KERNELS:
            if self._clock.left_s <= 0:
                reason = f"the notebook was stopped after {self._limits.notebook_s:g} s in all"
                self._ledger.say(reason)
                break
            if await self._one_kernel():
                reason = "they left no evidence"
                break
        return self._outcome(reason)

    async def _one_kernel(self) -> bool:
        """Use one kernel as far as it goes; True if no other is needed."""
        left_out = self._ledger.skip_dependents()
        async with AsyncExitStack() as held:
            kernel = await self._started()
            held.callback(kernel.close)
            held.push_async_callback(kernel.stop)
            self._kernels += 1
            async with self._room:
                unit, answer = await self._work(kernel, left_out)
                await kernel.stop()
            evidence = collect(
                kernel.process.folders.evidence,
                cells=[cell for cell, _ in self._code_cells()],
                probes=self._ledger.probes,
                allowance=self._allowance,
            )
        stopped = self._ledger.timed_out()
        self._ledger.take(evidence)
        if unit is None:
            return True
        culprit = unit.culprit(evidence.unfinished)
        if unit.has_many and culprit is not None and culprit.cell is not None:
            self._outputs[culprit.cell] += answer.outputs
        if answer.well:
            self._singly = True
            return False
        if answer.cause is Cause.KILLED and self._is_forgiven(culprit or unit):
            return False
        if culprit is None:
            self._blame_among(self._ledger.timed_out() - stopped, answer)
            return False
        return self._settle(culprit, answer, evidence)

    def _is_forgiven(self, unit: Unit) -> bool:
        """True once for each request: what was killed from outside may have done nothing to deserve it."""
        if unit in self._killed_once:
            return False
        self._killed_once.add(unit)
        self._notes.append("The system or a person killed a kernel at work; what it was doing was done once more.")
        return True

    async def _started(self) -> Kernel:
        """A fresh kernel; a start that fails is ours, so it is tried once more."""
        launch = replace(self._plan.launch, job=self._job())
        for attempt in (1, 2):
            kernel = Kernel(self._isolation, launch)
            try:
                await kernel.start()
            except SandboxError:
                await kernel.stop()
                kernel.close()
                if attempt == 2:
                    raise
            except asyncio.CancelledError:
                await kernel.stop()
                kernel.close()
                raise
            else:
                return kernel
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def _work(self, kernel: Kernel, left_out: set[str]) -> tuple[Unit | None, Answer]:
        """Send the requests one by one; the first that does not come to its end, with its answer."""
        answer = Answer(cause=Cause.NONE)
        loop = asyncio.get_running_loop()
        for unit in self._units(left_out):
            begun = loop.time()
            answer = await kernel.request(unit.code, self._patience(unit))
            if unit.kind != "train":
                self._clock.took(loop.time() - begun)
            self._keep_outputs(unit, answer)
            if not answer.well or (unit.has_many and answer.error is not None):
                return unit, answer
            self._answered.update(unit.probes)
        return None, answer

    def _keep_outputs(self, unit: Unit, answer: Answer) -> None:
        for cell in unit.cells:
            self._outputs[cell] = list(answer.of_cells.get(cell, ()))
        if unit.cell is not None and unit.cell not in answer.of_cells:
            self._outputs[unit.cell] = list(answer.outputs)

    def _units(self, left_out: set[str]) -> Iterator[Unit]:
        plan = self._plan
        return units_of(
            plan.part,
            cells=[index for index, _ in self._code_cells()],
            probes=[probe.id for probe in self._ledger.probes if probe.id not in left_out | self._answered],
            train=plan.train,
            definitions_after=plan.execution.training.definitions_after,
            singly=self._singly,
        )

    def _code_cells(self) -> list[tuple[int, str]]:
        return [
            (cell.index, cell.source)
            for cell in self._plan.notebook.cells
            if cell.kind is CellKind.CODE and cell.index not in self._ledger.bad_cells
        ]

    def _patience(self, unit: Unit) -> Patience:
        limits = self._limits
        left_s = max(self._clock.left_s, 1.0)
        if unit.kind == "train" and unit.cell is not None:
            whole_s = limits.training_s + 2 * _GRACE_S
            return Patience(step_s=whole_s, whole_s=whole_s)
        step_s = max(limits.probe_s if unit.probes else 0.0, limits.statement_s if unit.kind != "probe" else 0.0)
        return Patience(step_s=step_s + _GRACE_S, whole_s=left_s)

    def _job(self) -> dict[str, Any]:
        plan = self._plan
        return {
            "schema": 1,
            "role": plan.part,
            "seed": plan.seed,
            "cells": [{"index": index, "source": source} for index, source in self._code_cells()],
            "subjects": list(plan.subjects),
            "probes": self._ledger.probes,
            "skip_statements": [list(key) for key in sorted(self._ledger.bad_statements)],
            "done_probes": self._ledger.done(),
            "stand_ins": dict(plan.execution.stand_ins) if plan.part == "stand-ins" else {},
            "shims": list(plan.execution.shims),
            "supplies": dict(plan.execution.supplies),
            "threads": plan.execution.threads,
            "limits": limits_for_agent(self._limits),
            "training_cells": list(plan.training_cells),
            "gpu_fraction": plan.gpu_fraction,
        }

    def _settle(self, unit: Unit, answer: Answer, evidence: KernelEvidence) -> bool:
        """Blame what ended the kernel, so that the next one leaves it out; True if there shall be no next one."""
        status: Bad = "timeout" if answer.cause in (Cause.STALLED, Cause.OUT_OF_TIME, Cause.GAVE_UP) else "killed"
        unfinished = evidence.unfinished or JournalLine()
        why = _WHY[answer.cause].format(limits=self._limits)
        if unit.kind == "train" and unit.cell is not None:
            self._ledger.say(f"training in {cell_name(unit.cell)} was ended: {why}")
            return True
        if unit.cell is not None:
            self._blame_cell(unit.cell, unfinished, status, why)
            return False
        if unit.probes:
            return not self._blame_probe(unit.probes[0], unfinished, status, why)
        self._ledger.say(f"the kernel ended while it had nothing of its own to do: {why}")
        return True

    def _blame_cell(self, cell: int, unfinished: JournalLine, status: Bad, why: str) -> None:
        ordinal = unfinished.ordinal
        if unfinished.begin == "statement" and unfinished.cell == cell and ordinal is not None:
            known = (cell, ordinal) in self._ledger.bad_statements
            if not known:
                self._ledger.bad_statements[cell, ordinal] = status
                line = "" if unfinished.line is None else f", line {unfinished.line},"
                self._ledger.say(f"the statement in {cell_name(cell)}{line} was ended: {why}")
                return
        self._ledger.bad_cells[cell] = status
        self._ledger.say(f"{cell_name(cell)} was ended: {why}")

    def _blame_among(self, timed_out: set[tuple[str, int]], answer: Answer) -> None:
        """Say which probes the agent has stopped; if it was none, the next kernel takes everything one by one."""
        for probe in sorted({probe for probe, _ in timed_out}):
            self._ledger.say(f"probe {probe} was ended: {_WHY[answer.cause].format(limits=self._limits)}")
        self._singly = not timed_out

    def _blame_probe(self, probe: str, unfinished: JournalLine, status: Bad, why: str) -> bool:
        """Note which definition hung or killed; False if nothing new was learnt."""
        timed_out = [key for key, run in self._ledger.runs.items() if key[0] == probe and run.status == "timeout"]
        self._ledger.say(f"probe {probe} was ended: {why}")
        if unfinished.begin == "probe" and unfinished.probe == probe:
            return self._ledger.blame_probe(probe, unfinished.definition, status) or bool(timed_out)
        if timed_out:
            return True
        blamed = [self._ledger.blame_probe(probe, index, status) for index in range(EVERY_DEFINITION)]
        return any(blamed)

    def _outcome(self, reason: str) -> PartOutcome:
        plan, ledger = self._plan, self._ledger
        ledger.close(reason)
        trained, notes, facts = describe_training(ledger.training, plan.notebook, plan.train, self._limits)
        if plan.gpu_fraction is not None and "gpu" not in ledger.environment:
            self._notes.append("A GPU was lent to the kernel, but its torch could not use it: training ran on the CPU.")
        if plan.part == "training":
            lent = ledger.environment.get("gpu") if plan.gpu_fraction is not None else None
            facts["training_device"] = lent or "cpu"
        cells = {run.index: run for run in (*trained, *ledger.cell_runs())}
        for run in cells.values():
            self._say_timeouts(run)
        record = PartRecord(
            part=plan.part,
            level=self._isolation.level,
            seed=plan.seed,
            cells=tuple(run for _, run in sorted(cells.items())),
            definitions=ledger.definitions,
            probes=tuple(ledger.runs[key] for key in self._in_probe_order()),
            kernels=max(self._kernels, 1),
            limits_met=(*ledger.sentences, *notes),
            notes=tuple(dict.fromkeys(self._notes)),
            environment=ledger.environment | facts,
        )
        executed = executed_notebook(plan.notebook, self._outputs)
        return PartOutcome(part=plan.part, record=record, tensors=pack(ledger.tensors.values()), executed=executed)

    def _say_timeouts(self, run: CellRun) -> None:
        """Note the statements that the agent itself has stopped."""
        for ordinal, statement in enumerate(run.statements):
            if statement.status == "timeout" and (run.index, ordinal) not in self._ledger.bad_statements:
                place = f"{cell_name(run.index)}, line {statement.line}"
                self._ledger.say(f"the statement in {place}, was stopped after {self._limits.statement_s:g} s")

    def _in_probe_order(self) -> list[tuple[str, int]]:
        place = {probe.id: number for number, probe in enumerate(self._ledger.probes)}
        return sorted(self._ledger.runs, key=lambda key: (place.get(key[0], len(place)), key[1]))


_WHY = {
    Cause.STALLED: "it took longer than one statement or probe may",
    Cause.OUT_OF_TIME: "the time for the whole notebook ({limits.notebook_s:g} s) was used up",
    Cause.GAVE_UP: "it took longer than {limits.probe_s:g} s",
    Cause.MEMORY: "it used more than {limits.memory_bytes} bytes of memory",
    Cause.FILES: "it made too many files",
    Cause.FLOOD: "it printed more than {limits.notebook_output_bytes} bytes",
    Cause.DIED: "the process ended",
    Cause.KILLED: "the process was killed",
    Cause.PROTOCOL: "what it sent was no message of a kernel",
}
