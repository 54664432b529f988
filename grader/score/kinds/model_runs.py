"""One run of a model, judged with the student's own cells where they can be read, else with library layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast

from grader.evidence import Definition, Part
from grader.oracle import CellVerdict, ModelVerdict, Oracle
from grader.records import Outcome
from grader.score.kinds.base import JudgeContext
from grader.score.kinds.covering import RunSpec
from grader.score.kinds.credit import Credit
from grader.score.kinds.model_observations import IncompleteFlowError, model_observation
from grader.score.kinds.model_probes import OWNER, STAND_IN, ModelParameters, has_all, mode_plan
from grader.score.kinds.observations import facts_of
from grader.score.kinds.policies import charges
from grader.score.kinds.recognition import RIGHT, CellFinding, recognise_last
from grader.score.kinds.troubles import Trouble, inconsistent, needs_evidence, trouble_of
from grader.values import Facts

RunStatus = Literal["right", "mistake", "ambiguous", "unnamed", "raised", "unrecognised", "blocked", "missing", "fault"]
"""`raised`: it raises, hangs or returns no tensor; `blocked`: cannot be created; `missing`: the class is not there."""

DECISIVE: tuple[RunStatus, ...] = ("right", "mistake", "ambiguous", "unnamed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinding:
    """What became of one run."""

    probe: str
    spec: RunSpec
    status: RunStatus
    mistakes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    """Sentences about the data flow."""
    trouble: Trouble | None = None
    stand_in: bool = False
    """True if library layers stood in for the cells."""
    follow_through: bool = False
    """True if a fault of the cells was carried through."""
    as_made: bool = False
    """True if the model is right but for the cells that it was made with."""


@dataclass(frozen=True, kw_only=True)
class RunJudge:
    """Judges the runs of one definition of a model."""

    context: JudgeContext
    parameters: ModelParameters
    definition: int
    cells: Mapping[str, CellFinding | None]
    """By mode; None where the rubric does not say how a cell is probed."""

    @classmethod
    def of(cls, context: JudgeContext, parameters: ModelParameters, definition: int) -> RunJudge:
        """A judge with the verdicts of the cells that are in force when the model runs."""
        oracle = cast(Oracle, context.oracle)
        plans = {mode: mode_plan(context.rubric, parameters, mode, oracle) for mode in parameters.modes}
        cells = {mode: None if plan is None else recognise_last(context, plan) for mode, plan in plans.items()}
        return cls(context=context, parameters=parameters, definition=definition, cells=cells)

    @cached_property
    def credit(self) -> Credit:
        """What faults keep, by the rubric's parameters and policies."""
        by_policy = charges(self.context.rubric, self.context.oracle)
        return replace(self.parameters.keeps, by_policy=by_policy)

    def judge(self, probe: str, spec: RunSpec) -> RunFinding:
        """What became of a run, with stand-ins asked where the student's own evidence cannot decide."""
        own = self._judge_part(self.context.evidence.part("student"), probe, self.definition, spec)
        if own.status in ("missing", "fault"):
            return own
        cell = self.cells[spec.mode]
        if own.status in DECISIVE and cell is not None and cell.replayable:
            follows = own.as_made or not cell.right
            return replace(own, follow_through=True) if follows else own
        part = self.context.evidence.ask("stand-ins")
        if part is None:
            return self._without_evidence(own)
        other = self._judge_part(part, STAND_IN + probe, self._same_definition(part), spec)
        return self._decide(own, other, cell)

    def _decide(self, own: RunFinding, other: RunFinding, cell: CellFinding | None) -> RunFinding:
        """Which of the two runs counts."""
        faulty = cell is not None and not cell.right
        if other.status == "fault":
            return other
        if other.status in DECISIVE:
            return replace(other, stand_in=True, follow_through=faulty or own.status not in DECISIVE)
        if own.status in DECISIVE:
            return replace(own, follow_through=faulty)
        if own.status == "blocked":
            return replace(other, stand_in=True) if other.status == "raised" else own
        if own.status == "raised":
            if cell is not None and cell.replayable:
                return own
            if other.status == "raised":
                return replace(other, stand_in=True)
        return replace(own, status="unrecognised")

    def _without_evidence(self, own: RunFinding) -> RunFinding:
        return replace(own, status="fault", trouble=needs_evidence(f"`{self.parameters.target}` with stand-ins"))

    def _same_definition(self, part: Part) -> int:
        """The index, in a part, of the definition under judgement; kernels that died may have left some out."""
        mine = self.context.evidence.part("student").definitions(self.parameters.target)
        theirs = part.definitions(self.parameters.target)
        wanted: Definition | None = mine[self.definition] if self.definition < len(mine) else None
        return theirs.index(wanted) if wanted in theirs else self.definition

    def _judge_part(self, part: Part, probe: str, definition: int, spec: RunSpec) -> RunFinding:
        """What one part says about a run."""
        stand_in = probe.startswith(STAND_IN)
        run = part.probe(probe, definition)
        trouble = None
        if run is None or not has_all(run):
            trouble = trouble_of(self.context, run, self.parameters.target)
        found = RunFinding(probe=probe, spec=spec, status="unrecognised", trouble=trouble)
        if run is None or trouble is not None:
            status = _status_of(cast(Trouble, trouble))
            if run is None or status != "raised" or run.status != "raised":
                return replace(found, status=status)
        content = model_observation(
            part,
            run,
            spec,
            family=self.parameters.modes[spec.mode],
            roles={str(role): attribute for role, attribute in self.parameters.roles.items()},
            target=self.parameters.target,
        )
        if isinstance(content, Trouble):
            return replace(found, status=_status_of(content), trouble=content)
        cells = {} if stand_in else self._verdicts(spec.mode, facts_of(run, OWNER))
        oracle = cast(Oracle, self.context.oracle)
        try:
            verdict = oracle.judge_model(self.parameters.architecture, content, cells, self.context.rubric.policies)
        except IncompleteFlowError:
            missing = inconsistent(f"the recorded calls of `{self.parameters.target}` are incomplete")
            return replace(found, status=_status_of(missing), trouble=missing)
        return _finding(found, verdict, made_elsewhere=bool(self.context.question.uses))

    def _verdicts(self, mode: str, facts: Facts) -> dict[str, CellVerdict | None]:
        """The verdicts on the classes of cells in a model, as its mode uses them where modes share a class."""
        present = {module.class_name for module in facts.modules}
        ordered = [other for other in self.cells if other != mode] + [mode]
        found = {self.parameters.cells[other]: self.cells[other] for other in ordered}
        return {name: None if cell is None else cell.verdict for name, cell in found.items() if name in present}


def _status_of(trouble: Trouble) -> RunStatus:
    if trouble.outcome is Outcome.FAULT:
        return "fault"
    if trouble.outcome is Outcome.MANUAL:
        return "unrecognised"
    stages: dict[str, RunStatus] = {"name": "missing", "construct": "blocked"}
    return stages.get(trouble.stage, "raised")


def _finding(found: RunFinding, verdict: ModelVerdict, *, made_elsewhere: bool) -> RunFinding:
    """A run with what the oracle says; one that raised and is not explained by a name stays what it is.

    What the constructor makes is charged to the questions that this one uses, if there are any.
    """
    if verdict.as_made and not made_elsewhere and found.trouble is None:
        status: RunStatus = "mistake" if verdict.mistakes else "unnamed"
        return replace(found, status=status, mistakes=tuple(verdict.mistakes), edges=tuple(verdict.edges))
    if verdict.as_made and made_elsewhere and found.trouble is not None:
        return replace(found, status="blocked", edges=tuple(verdict.edges))
    return _with_verdict(found, verdict, raised=found.trouble is not None)


def _with_verdict(found: RunFinding, verdict: ModelVerdict, *, raised: bool) -> RunFinding:
    named = verdict.status in ("mistake", "ambiguous") and bool(verdict.mistakes)
    status: RunStatus = "raised" if raised else "unrecognised"
    if named:
        status = "mistake" if verdict.status == "mistake" else "ambiguous"
    elif not raised and verdict.status in RIGHT:
        status = "right"
    elif not raised and verdict.status == "unnamed":
        status = "unnamed"
    return replace(
        found,
        status=status,
        mistakes=tuple(verdict.mistakes) if named else (),
        edges=tuple(verdict.edges),
        as_made=status == "right" and verdict.as_made,
    )
