"""What a kind of answer is: typed parameters, probes that it asks for, and a judge over stored evidence.

A kind is registered by one decorator over its judge. The judge is a pure function: it starts nothing, reads no clock
and draws no random number. Its docstring says what it looks at, why it matters, what passes, what does not, and its
known limits; the instructors' page is made from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.probes import Probe
from grader.records import Outcome, Record
from grader.rubric import Check, Question, Rubric


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a judge found; becomes a `CheckMark`. The fields mean what they mean there."""

    outcome: Outcome
    mark: Decimal | None
    """None exactly for `MANUAL` and `FAULT`."""
    reason: str = ""
    next_step: str = ""
    diagnosis: tuple[str, ...] = ()
    convention: str = ""
    follow_through: bool = False
    uncertain: bool = False
    evidence: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """Words for the instructor that go to the submission's flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeContext:
    """Everything that a judge may look at for one submission and one check."""

    rubric: Rubric
    question: Question
    check: Check
    evidence: Evidence
    student_version: StudentVersion
    oracle: Oracle | None
    memo: dict[str, Any] = field(default_factory=dict)
    """Shared by the judges of one submission: what one question found out, another need not compute again."""
    cohort: dict[bytes, Any] = field(default_factory=dict)
    """Shared by all submissions of a worker, in whatever order they come; a key holds all that its value hangs on."""

    def choice(self, policy: str) -> str:
        """What the rubric chose for a policy of the check's kind, else that policy's default.

        Raises:
            KeyError: if the kind has no such policy.
        """
        default = _KINDS[self.check.kind].policies[policy].default
        return self.rubric.policies.get(policy, default)


Judge = Callable[[JudgeContext, Any], Verdict]
ProbeMaker = Callable[[Rubric, Check, Any, Oracle | None], Iterable[Probe]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindPolicy:
    """A choice that a kind leaves to the instructor; its fields mean what they mean in `grader.oracle.Policy`."""

    values: Mapping[str, str]
    default: str
    text: str
    charges: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A registered kind of answer."""

    name: str
    parameters: type[Record]
    judge: Judge
    probes: ProbeMaker
    subjects: Callable[[Any], Iterable[str]]
    """Names that the student has to define."""
    parts: tuple[str, ...]
    """Evidence parts that the judge needs."""
    policies: Mapping[str, KindPolicy]
    """Choices that the judge reads, by name."""
    parts_for: Callable[[Any], tuple[str, ...]]
    """Further parts that it needs with some parameters."""
    by_hand: Callable[[Any], bool]
    """True with parameters that leave the mark of an answer that is there to a person, always."""


_KINDS: dict[str, Kind] = {}
_NO_POLICIES: Mapping[str, KindPolicy] = {}


def _no_probes(rubric: Rubric, check: Check, parameters: Any, oracle: Oracle | None) -> Iterable[Probe]:
    return ()


def _no_subjects(parameters: Any) -> Iterable[str]:
    return ()


def _no_parts(parameters: Any) -> tuple[str, ...]:
    return ()


def _by_machine(parameters: Any) -> bool:
    return False


def kind(
    name: str,
    *,
    parameters: type[Record],
    probes: ProbeMaker = _no_probes,
    subjects: Callable[[Any], Iterable[str]] = _no_subjects,
    parts: tuple[str, ...] = (),
    policies: Mapping[str, KindPolicy] = _NO_POLICIES,
    parts_for: Callable[[Any], tuple[str, ...]] = _no_parts,
    by_hand: Callable[[Any], bool] = _by_machine,
) -> Callable[[Judge], Judge]:
    """Register a judge under the name that rubrics use."""

    def register(judge: Judge) -> Judge:
        _KINDS[name] = Kind(
            name=name,
            parameters=parameters,
            judge=judge,
            probes=probes,
            subjects=subjects,
            parts=parts,
            policies=policies,
            parts_for=parts_for,
            by_hand=by_hand,
        )
        return judge

    return register


def known_kinds() -> tuple[str, ...]:
    """The names of all kinds, sorted."""
    return tuple(sorted(_KINDS))


def kind_policies() -> dict[str, KindPolicy]:
    """The policies of all kinds, by name."""
    return {name: policy for kind in _KINDS.values() for name, policy in kind.policies.items()}


def takes(check: Check, parameters: type[Record]) -> bool:
    """True if the kind of a check has parameters of this type; they are not validated."""
    known = _KINDS.get(check.kind)
    return known is not None and issubclass(known.parameters, parameters)


def kind_of(check: Check, rubric: Rubric) -> tuple[Kind, Any]:
    """The kind of a check, with its validated parameters.

    Raises:
        RubricError: if there is no such kind, or a parameter is missing, unknown or of the wrong type.
    """
    where = f"{rubric.folder / 'rubric.yaml'}:{check.line}"
    found = _KINDS.get(check.kind)
    if found is None:
        raise RubricError(
            "rubric-unknown-kind",
            f'there is no kind of answer "{check.kind}"',
            where=where,
            next_step=f"the kinds are {', '.join(known_kinds())}; anything else is a test in test_*.py",
        )
    try:
        return found, found.parameters.model_validate(check.parameters)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])  # empty where several parameters do not go together
        said = first["msg"].removeprefix("Value error, ")
        raise RubricError(
            "rubric-bad-parameter",
            ": ".join(part for part in (f'kind "{check.kind}"', place, said) if part),
            where=where,
            next_step=f"its parameters are {', '.join(sorted(found.parameters.model_fields))}",
        ) from error


def waits_for_a_person(check: Check, rubric: Rubric) -> bool:
    """True if the mark of an answer that is there is always given by a person.

    Raises:
        RubricError: if its kind may be such a one, and its parameters do not fit.
    """
    known = _KINDS.get(check.kind)
    return known is not None and known.by_hand is not _by_machine and known.by_hand(kind_of(check, rubric)[1])
