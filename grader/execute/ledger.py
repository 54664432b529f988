"""What a part has so far: evidence of several kernels put together, and what has to be left out of the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from grader.evidence import CellRun, Definition, ProbeRun, StatementRun
from grader.execute.collect import KernelEvidence, TrainingRun, shortened
from grader.execute.tensors import Tensors
from grader.probes import Probe

Bad = Literal["timeout", "killed"]
EVERY_DEFINITION = 3
"""The agent runs a probe on at most so many definitions."""


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Grows by one kernel at a time."""

    probes: Sequence[Probe]
    """In the order in which they are run."""
    cells: dict[int, CellRun] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    runs: dict[tuple[str, int], ProbeRun] = field(default_factory=dict)
    tensors: dict[tuple[str, int], Tensors] = field(default_factory=dict)
    """By the probe that they belong to, and its definition."""
    environment: dict[str, str] = field(default_factory=dict)
    training: TrainingRun | None = None
    bad_statements: dict[tuple[int, int], Bad] = field(default_factory=dict)
    """(cell, ordinal) of what took a kernel with it."""
    bad_cells: dict[int, Bad] = field(default_factory=dict)
    """Cells that took a kernel with them, we do not know where."""
    sentences: list[str] = field(default_factory=list)

    def take(self, evidence: KernelEvidence) -> None:
        """Add what a kernel left; what an earlier one has proved stays."""
        self.cells.update(evidence.cells)
        if evidence.definitions and not self.runs:
            self.definitions = evidence.definitions
        for key, run in evidence.probes.items():
            if key not in self.runs:
                self.runs[key] = run
                if key in evidence.tensors:
                    self.tensors[key] = evidence.tensors[key]
        self.environment.update(evidence.environment)
        self.training = evidence.training or self.training
        for refusal in evidence.refusals:
            self.say(refusal)

    def say(self, sentence: str) -> None:
        """Note something that a reader of the marks may want to know, once."""
        if sentence not in self.sentences and len(self.sentences) < 100:
            self.sentences.append(sentence)

    def blame_probe(self, probe: str, definition: int, status: Bad) -> bool:
        """Note that a probe ended a kernel; False if that was known."""
        known = self.runs.get((probe, definition))
        if known is not None and known.status in ("timeout", "killed"):
            return False
        step = None if known is None else known.step
        self.runs[probe, definition] = ProbeRun(probe=probe, definition=definition, status=status, step=step)
        self.tensors.pop((probe, definition), None)
        return True

    def timed_out(self) -> set[tuple[str, int]]:
        """Probes and definitions whose time was up."""
        return {key for key, run in self.runs.items() if run.status == "timeout"}

    def done(self) -> list[str]:
        """What no later kernel has to run, in the agent's words."""
        return [f"{probe}@{definition}" for probe, definition in sorted(self.runs)]

    def skip_dependents(self) -> set[str]:
        """Note as skipped what builds on a probe that hung or killed; returns the probes that are not run at all."""
        left_out: set[str] = set()
        subjects = {probe.id: probe.subject for probe in self.probes}
        for probe in self.probes:
            for needed in probe.after:
                bad = self._bad_definitions(needed)
                if not bad:
                    continue
                if probe.subject is not None and subjects.get(needed) == probe.subject and needed not in left_out:
                    for definition in bad:
                        self._skip(probe.id, definition)
                elif needed in left_out or self._last_definition(subjects.get(needed)) in bad:
                    self._skip(probe.id, 0)
                    left_out.add(probe.id)
        return left_out

    def close(self, reason: str) -> None:
        """Give every probe that has no evidence a run that says so."""
        answered = {probe for probe, _ in self.runs}
        missing = [probe.id for probe in self.probes if probe.id not in answered]
        for probe in missing:
            self._skip(probe, 0)
        if missing:
            self.say(f"not run, because {reason}: {', '.join(missing)}"[:500])

    def cell_runs(self) -> tuple[CellRun, ...]:
        """The cells, with what ended a kernel put in."""
        runs = dict(self.cells)
        ended = {cell: status for (cell, _), status in self.bad_statements.items()} | self.bad_cells
        for index, status in ended.items():
            unknown = StatementRun(kind="other", line=1, end_line=1, status=status)
            runs.setdefault(index, CellRun(index=index, status="run", statements=(unknown,)))
        return tuple(self._patched(run) for _, run in sorted(runs.items()))

    def _patched(self, run: CellRun) -> CellRun:
        statements = [
            statement.model_copy(
                update={
                    "status": self.bad_statements.get((run.index, ordinal), statement.status),
                    "raised": shortened(statement.raised),
                }
            )
            for ordinal, statement in enumerate(run.statements)
        ]
        return run.model_copy(update={"statements": tuple(statements), "syntax_error": shortened(run.syntax_error)})

    def _bad_definitions(self, probe: str) -> set[int]:
        bad = ("timeout", "killed", "skipped")
        return {definition for (name, definition), run in self.runs.items() if name == probe and run.status in bad}

    def _last_definition(self, subject: str | None) -> int:
        named = sum(1 for definition in self.definitions if definition.name == subject)
        return max(0, named - 1)

    def _skip(self, probe: str, definition: int) -> None:
        self.runs.setdefault((probe, definition), ProbeRun(probe=probe, definition=definition, status="skipped"))
