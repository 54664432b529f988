"""What a rubric asks of a kernel: its own probes and those of all kinds, fixed before anything is executed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib.metadata import entry_points

from grader.errors import RubricError
from grader.oracle import Oracle
from grader.probes import Probe
from grader.rubric import Rubric
from grader.score.kinds import kind_of
from grader.score.kinds.policies import validate_policies

ORACLES = "grader.oracles"
"""Group of entry points in which oracles are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """Everything that execution has to do for a rubric."""

    student: tuple[Probe, ...]
    """Probes of the student's own definitions, in the order in which they run."""
    stand_ins: tuple[Probe, ...]
    """Probes that run with library layers behind the coursework's names."""
    subjects: tuple[str, ...]
    """Names whose every definition is kept and probed."""
    parts: tuple[str, ...]
    """Evidence parts that judges may look at."""

    def probe(self, identifier: str) -> Probe | None:
        """The probe of that id, None if the rubric declares none."""
        return next((probe for probe in (*self.student, *self.stand_ins) if probe.id == identifier), None)


def load_oracle(rubric: Rubric) -> Oracle | None:
    """The oracle that the rubric names, None if it names none.

    Raises:
        RubricError: if there is no such oracle or it cannot be used.
    """
    if rubric.oracle is None:
        return None
    where = str(rubric.folder / "rubric.yaml")
    found = {entry.name: entry for entry in entry_points(group=ORACLES)}
    entry = found.get(rubric.oracle)
    if entry is None:
        near = difflib.get_close_matches(rubric.oracle, sorted(found), n=1)
        raise RubricError(
            "rubric-unknown-oracle",
            f'there is no oracle "{rubric.oracle}"',
            where=where,
            next_step=f'did you mean "{near[0]}"?' if near else f"installed are: {', '.join(sorted(found)) or 'none'}",
        )
    try:
        oracle = entry.load()
    except (ImportError, AttributeError) as error:
        raise RubricError(
            "rubric-oracle-broken", f'the oracle "{rubric.oracle}" cannot be loaded: {error}', where=where
        ) from error
    if not isinstance(oracle, Oracle):
        raise RubricError(
            "rubric-oracle-broken",
            f'the oracle "{rubric.oracle}" ({entry.value}) lacks a part of the protocol in grader/oracle.py',
            where=where,
        )
    return oracle


def probe_plan(rubric: Rubric, oracle: Oracle | None) -> ProbePlan:
    """The probes, names and evidence parts that a rubric needs.

    Raises:
        RubricError: if a policy, a check's kind or its parameters are wrong, two probes share an id, or a probe builds
            on none.
    """
    validate_policies(rubric, oracle)
    probes: dict[str, Probe] = {probe.id: probe for probe in rubric.probes}
    subjects = [probe.subject for probe in rubric.probes if probe.subject is not None]
    parts = {"student"}
    for question in rubric.questions:
        for check in question.checks:
            kind, parameters = kind_of(check, rubric)
            subjects.extend(kind.subjects(parameters))
            parts.update(kind.parts)
            for probe in kind.probes(rubric, check, parameters, oracle):
                if probes.setdefault(probe.id, probe) != probe:
                    raise RubricError(
                        "rubric-duplicate-probe",
                        f'two different probes are called "{probe.id}"',
                        where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
                        next_step="give one of them another id or another target",
                    )
                if probe.subject is not None:
                    subjects.append(probe.subject)
    _check_prerequisites(probes, rubric)
    ordered = sorted(probes.values(), key=lambda probe: probe.order)
    stand_ins = tuple(probe for probe in ordered if probe.stand_ins)
    if stand_ins:
        parts.add("stand-ins")
    else:
        parts.discard("stand-ins")
    if rubric.execution.training.when == "never":
        parts.discard("training")
    else:
        parts.add("training")
    return ProbePlan(
        student=tuple(probe for probe in ordered if not probe.stand_ins),
        stand_ins=stand_ins,
        subjects=tuple(dict.fromkeys(subjects)),
        parts=tuple(part for part in ("student", "stand-ins", "training") if part in parts),
    )


def _check_prerequisites(probes: dict[str, Probe], rubric: Rubric) -> None:
    for probe in probes.values():
        for needed in (*probe.after, *probe.unless):
            if needed not in probes:
                near = difflib.get_close_matches(needed, sorted(probes), n=1)
                raise RubricError(
                    "rubric-unknown-probe",
                    f'probe "{probe.id}" builds on "{needed}", which is not declared',
                    where=str(rubric.folder / "rubric.yaml"),
                    next_step=f'did you mean "{near[0]}"?' if near else "",
                )
