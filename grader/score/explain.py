"""Everything behind the marks of one question, as `grader explain` prints it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from grader.coursework import student_version
from grader.errors import EvidenceError
from grader.evidence import Evidence, Part, ProbeRun, Raised
from grader.oracle import Oracle
from grader.probes import Probe
from grader.records import CheckMark, LookedAt, Record, SubmissionMarks, cell_name
from grader.rubric import Rubric
from grader.score.looked_at import places_of
from grader.score.planning import probe_plan
from grader.score.repeat_script import repeat_script
from grader.score.worker_records import ScoreItem
from grader.score.workers import score_evidence
from grader.values import Value

_TEXT_LINES = 6
_NUMBERS = 6
"""Elements of a tensor that are shown."""


class ProbeFacts(Record):
    """One probe on one definition: what was asked, and what came back."""

    probe: str
    part: str
    definition: int
    status: str
    seed: str
    salt: int
    dtype: str
    raised: Raised | None = None
    steps: str
    """The steps as JSON."""
    values: dict[str, str]
    """Name -> kind, shape and a few numbers."""


class Explanation(Record):
    """What is behind the mark of one check."""

    check: CheckMark
    probes: tuple[ProbeFacts, ...]
    nearest: dict[str, tuple[tuple[str, float], ...]] = {}
    """For each name that the oracle judged, known formulas by distance."""
    places: tuple[LookedAt, ...] = ()
    """Every place that was found for the question, code and prose."""
    script: str = ""
    """Python that rebuilds the inputs and loads what came back."""

    def as_text(self) -> str:
        """The explanation for a terminal."""
        check = self.check
        lines = [
            f"{check.id}  {check.outcome}  {'waits' if check.mark is None else check.mark} of {check.max}",
            f"  {check.reason}",
        ]
        lines += [f"  named: {name}" for name in check.diagnosis]
        counting = {(place.cell, place.how) for place in check.looked_at if place.counts}
        for place in self.places:
            read = "  read" if (place.cell, place.how) in counting else ""
            lines.append(f"  {cell_name(place.cell)}: {place.how}{read}")
            lines += [f"    | {line}" for line in place.text.splitlines()[:_TEXT_LINES]]
        for probe in self.probes:
            lines.append(f"  probe {probe.probe} on definition {probe.definition} ({probe.part}): {probe.status}")
            lines.append(f"    steps {probe.steps}")
            lines += [f"    {name} = {value}" for name, value in probe.values.items()]
        for name, formulas in self.nearest.items():
            near = ", ".join(f"{formula} {distance:.2g}" for formula, distance in formulas)
            lines.append(f"  nearest to {name}: {near}")
        if self.script:
            lines += ["  repeat with:", *(f"    {line}" for line in self.script.splitlines())]
        return "\n".join(lines)


def explain(
    evidence: Evidence, rubric: Rubric, question: str, row: SubmissionMarks, oracle: Oracle | None
) -> list[Explanation]:
    """Probe, evidence, verdict and nearest mistakes behind the marks of one question.

    Args:
        evidence: of the submission.
        rubric: the coursework.
        question: its id.
        row: the marks as they stand.
        oracle: the rubric's, None if it has none.

    Raises:
        RubricError: if there is no such question.
        EvidenceError: if the evidence cannot be read.
    """
    rubric.question(question)
    checks = [check for marked in row.questions if marked.id == question for check in marked.checks]
    plan = probe_plan(rubric, oracle)
    probes = {probe.id: probe for probe in (*plan.student, *plan.stand_ins)}
    nearest = _nearest(evidence, rubric) if oracle is not None else {}
    places = _places(evidence, rubric, question)
    explained = []
    for check in checks:
        wanted = [probes[name] for name in check.evidence if name in probes]
        facts = [found for probe in wanted for found in _facts(evidence, probe)]
        subjects = {probe.subject for probe in wanted}
        explained.append(
            Explanation(
                check=check,
                probes=tuple(facts),
                nearest={name: near for name, near in nearest.items() if set(name.split()) & subjects},
                places=places,
                script=repeat_script(evidence.folder.name, wanted[0]) if wanted else "",
            )
        )
    return explained


def _places(evidence: Evidence, rubric: Rubric, question: str) -> tuple[LookedAt, ...]:
    """Where the question's answer was found; nothing where the notebook itself was not stored."""
    try:
        notebook = evidence.notebook
    except EvidenceError:
        return ()
    return places_of(question, notebook, student_version(rubric))


def _nearest(evidence: Evidence, rubric: Rubric) -> dict[str, tuple[tuple[str, float], ...]]:
    """Known formulas by distance; found by scoring once more, in a worker, as the evidence is hostile data."""
    seed = evidence.part("student").record.seed if evidence.has("student") else ""
    item = ScoreItem(key=evidence.folder.name, folder=Path(evidence.folder).resolve())
    return score_evidence([item], rubric, seed=seed)[item.key].nearest


def _facts(evidence: Evidence, probe: Probe) -> Iterator[ProbeFacts]:
    name = "stand-ins" if probe.stand_ins else "student"
    if not evidence.has(name):
        return
    part = evidence.part(name)
    for run in part.probe_runs(probe.id):
        yield ProbeFacts(
            probe=probe.id,
            part=name,
            definition=run.definition,
            status=run.status,
            seed=run.seed,
            salt=run.salt,
            dtype=run.dtype,
            raised=run.raised,
            steps=json.dumps([step.model_dump(mode="json", exclude_none=True) for step in probe.steps]),
            values=_values(run, part),
        )


def _values(run: ProbeRun, part: Part) -> dict[str, str]:
    return {name: in_short(value, part) for name, value in run.values.items()}


def in_short(value: Value, part: Part) -> str:
    """A recorded value in one line: kind, shape and at most six numbers."""
    if value.kind in ("tuple", "list"):
        return f"{value.kind}({', '.join(in_short(item, part) for item in value.items[:_NUMBERS])})"
    if value.kind in ("tensor", "array"):
        try:
            tensor = part.tensor(value)
        except EvidenceError:
            tensor = None
        shape = ", ".join(str(size) for size in value.shape or ())
        if tensor is None:
            return f"{value.kind} ({shape})"
        numbers = " ".join(f"{number:.4g}" for number in tensor.flatten()[:_NUMBERS].tolist())
        more = " …" if tensor.numel() > _NUMBERS else ""
        return f"{value.kind} ({shape}): {numbers}{more}"
    if value.kind == "object" and value.facts is not None:
        return f"{value.facts.class_name} with {len(value.facts.parameters)} parameters"
    if value.scalar is not None:
        return repr(value.scalar)
    return f"{value.kind} {(value.text or '')[:80]!r}" if value.text else value.kind
