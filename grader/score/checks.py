"""The checks of a rubric: which there are, what each needs, and whether their marks add up."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from grader.errors import RubricError
from grader.probes import Catch, Construct, Probe, Repeat, Step
from grader.rubric import Question, Rubric
from grader.score.marks import add_up
from grader.score.planning import ProbePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeNeed:
    """A probe whose evidence a test needs."""

    probe: Probe
    statuses: tuple[str, ...] = ("done",)
    """How the probe may have ended for the test to be run at all."""
    instead_of: tuple[str, ...] = ()
    """The probes in whose place this one is looked at, unless all were done; empty for one of its own right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """One check, whoever performs it."""

    question: Question
    name: str
    marks: Decimal
    where: str
    """File and line, for error messages."""
    needs: tuple[ProbeNeed, ...] = ()
    subjects: tuple[str, ...] = ()
    """Names that the student has to write for it."""
    kind: str | None = None
    """The kind of answer; None for a test."""

    @property
    def id(self) -> str:
        return f"{self.question.id}/{self.name}"


def probe_need(
    plan: ProbePlan, identifier: str, statuses: tuple[str, ...], where: str, *, instead_of: tuple[str, ...] = ()
) -> ProbeNeed:
    """A declared probe, as a test needs it.

    Raises:
        RubricError: if the rubric declares no such probe, hence no evidence of it can exist.
    """
    probe = plan.probe(identifier)
    if probe is None:
        known = [known.id for known in (*plan.student, *plan.stand_ins)]
        near = difflib.get_close_matches(identifier, known, n=1)
        raise RubricError(
            "rubric-unknown-probe",
            f'no probe is called "{identifier}"',
            where=where,
            next_step=f'did you mean "{near[0]}"?' if near else "declare it under `probes` in rubric.yaml",
        )
    return ProbeNeed(probe=probe, statuses=statuses, instead_of=instead_of)


def names_written_for(probe: Probe) -> tuple[str, ...]:
    """The names that a probe examines: its subject, or else everything that it constructs or calls by name."""
    if probe.subject is not None:
        return (probe.subject,)
    return tuple(dict.fromkeys(name for step in probe.steps for name in _names_in(step)))


def _names_in(step: Step) -> list[str]:
    if isinstance(step, Construct):
        return [step.target]
    if isinstance(step, Catch | Repeat):
        return [name for inner in step.steps for name in _names_in(inner)]
    target = getattr(step, "target", None)
    if isinstance(target, dict) and isinstance(target.get("name"), str):
        return [target["name"]]
    return []


def validate_ids(specs: Sequence[CheckSpec]) -> None:
    """Check that every check can be told from the others.

    Raises:
        RubricError: if two checks have the same id.
    """
    seen: dict[str, CheckSpec] = {}
    for spec in specs:
        if spec.id in seen:
            raise RubricError(
                "rubric-duplicate-check",
                f'two checks are called "{spec.id}": the other is at {seen[spec.id].where}',
                where=spec.where,
                next_step='give one of them another name: question("...", marks=..., name="...")',
            )
        seen[spec.id] = spec


def validate_sums(specs: Sequence[CheckSpec], rubric: Rubric) -> None:
    """Check that the checks of each question are there and that their marks add up to it.

    Raises:
        RubricError: naming the question and the difference.
    """
    for question in rubric.questions:
        where = f"{rubric.folder / 'rubric.yaml'}:{question.line}"
        mine = [spec for spec in specs if spec.question.id == question.id]
        if not mine:
            raise RubricError(
                "rubric-question-without-checks",
                f'no check belongs to question "{question.id}"',
                where=where,
                next_step=f'give it a `kind` or `checks`, or mark a test with question("{question.id}", marks=...)',
            )
        found = add_up(spec.marks for spec in mine)
        if found != question.marks:
            difference = abs(question.marks - found)
            raise RubricError(
                "rubric-marks-do-not-add-up",
                f'the checks of question "{question.id}" have {found} marks, the question has {question.marks}: '
                f"{difference} too {'few' if found < question.marks else 'many'}",
                where=where,
                next_step="; ".join(f"{spec.name} {spec.marks} ({spec.where})" for spec in mine),
            )
