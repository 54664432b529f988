"""One submission while it is being scored: what judges may look at, and what they have found."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from grader.coursework import StudentVersion, asked_of, student_version
from grader.errors import CheckFaultError, EvidenceError
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.records import CheckMark, LookedAt, NotebookRecord, Outcome, QuestionMark
from grader.rubric import Check, Question, Rubric
from grader.score.checks import CheckSpec
from grader.score.kinds import JudgeContext, Kind, Verdict, kind_of
from grader.score.looked_at import looked_at
from grader.score.marks import as_mark, question_mark, rounded
from grader.score.places import require_places
from grader.score.planning import ProbePlan, load_oracle, probe_plan

FAULT_REASON = "This check did not run: a fault of ours, not of your work. A person will look at it."
FAULT_FLAG = "scoring-fault"
NEEDS_EVIDENCE = "needs-evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coursework:
    """What is the same for all submissions of a run."""

    rubric: Rubric
    oracle: Oracle | None
    plan: ProbePlan
    template: StudentVersion
    cohort: dict[bytes, Any] = field(default_factory=dict)
    """What judges keep from one submission for the next; see `JudgeContext.cohort`."""
    _kinds: dict[tuple[str, str], tuple[Kind, Any]] = field(default_factory=dict)

    def kind_of(self, question: Question, check: Check) -> tuple[Kind, Any]:
        """The kind of a check with its parameters, validated once.

        Raises:
            RubricError: if they are wrong.
        """
        place = (question.id, check.id)
        if place not in self._kinds:
            self._kinds[place] = kind_of(check, self.rubric)
        return self._kinds[place]

    @classmethod
    def load(cls, rubric: Rubric, template: NotebookRecord | None = None) -> Coursework:
        """Everything that scoring needs to know about a rubric.

        Args:
            rubric: the coursework.
            template: its student version, if that has been made already.

        Raises:
            RubricError: if the oracle, a kind's parameters or the model solution cannot be used, or nothing says
                where an answer stands.
        """
        oracle = load_oracle(rubric)
        given = (
            student_version(rubric) if template is None else StudentVersion(template, rubric.markers, asked_of(rubric))
        )
        plan = probe_plan(rubric, oracle)
        require_places(rubric, given)
        return cls(rubric=rubric, oracle=oracle, plan=plan, template=given)


def definitive(verdict: Verdict, maximum: Decimal) -> Verdict:
    """The verdict itself, if it can be one.

    Raises:
        CheckFaultError: if a mark is missing, superfluous or out of range.
    """
    waits = verdict.outcome in (Outcome.MANUAL, Outcome.FAULT)
    if waits != (verdict.mark is None):
        raise CheckFaultError("check-contradicts-itself", f"the outcome {verdict.outcome} has mark {verdict.mark}")
    if verdict.mark is not None:
        try:
            as_mark(verdict.mark, maximum=maximum)
        except ValueError as error:
            raise CheckFaultError("check-mark-out-of-range", str(error)) from error
    return verdict


def _with_reason(verdict: Verdict, said: str) -> Verdict:
    """The verdict with a sentence on which of several answers counts, unless a person reads them all."""
    if not said or verdict.mark is None:
        return verdict
    return replace(verdict, reason=f"{verdict.reason} {said}".strip())


@dataclass(slots=True, kw_only=True)
class Case:
    """The evidence of one submission, and the marks given so far."""

    key: str
    evidence: Evidence
    coursework: Coursework
    memo: dict[Any, Any] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Tracebacks of ours, for the log."""
    marks: dict[str, CheckMark] = field(default_factory=dict)
    _verdicts: dict[tuple[str, str], Verdict] = field(default_factory=dict)
    _looked_at: dict[tuple[str, str], tuple[LookedAt, ...]] = field(default_factory=dict)
    """Where the answers that are read stand, by question and check."""

    def context(self, question: Question, check: Check) -> JudgeContext:
        """What a judge of that check gets to see."""
        return JudgeContext(
            rubric=self.coursework.rubric,
            question=question,
            check=check,
            evidence=self.evidence,
            student_version=self.coursework.template,
            oracle=self.coursework.oracle,
            memo=self.memo,
            cohort=self.coursework.cohort,
        )

    def judge(self, question: Question, check: Check) -> Verdict:
        """The verdict of a kind of answer, computed once; the questions that it builds on are judged before."""
        place = (question.id, check.id)
        if place not in self._verdicts:
            for used in question.uses:
                earlier = self.coursework.rubric.question(used)
                for other in earlier.checks:
                    self.judge(earlier, other)
            self._verdicts[place] = self._judge(question, check)
        return self._verdicts[place]

    def fault(self, error: BaseException, check: str) -> Verdict:
        """The verdict where a check of ours raised; the traceback is kept for the log."""
        self.faults.append(f"{self.key} {check}\n{''.join(traceback.format_exception(error))}")
        flag = FAULT_FLAG
        if isinstance(error, EvidenceError) and error.code == "evidence-missing":
            flag = NEEDS_EVIDENCE
        return Verdict(outcome=Outcome.FAULT, mark=None, reason=FAULT_REASON, flags=(flag,))

    def record(self, spec: CheckSpec, verdict: Verdict) -> CheckMark:
        """Keep a check's verdict as its mark."""
        self.flags.extend(verdict.flags)
        found = CheckMark(
            id=spec.id,
            mark=None if verdict.mark is None else rounded(verdict.mark),
            max=rounded(spec.marks),
            outcome=verdict.outcome,
            diagnosis=verdict.diagnosis,
            follow_through=verdict.follow_through,
            reason=verdict.reason,
            next_step=verdict.next_step,
            convention=verdict.convention,
            uncertain=verdict.uncertain,
            evidence=verdict.evidence,
            looked_at=self._looked_at.get((spec.question.id, spec.name), ()),
        )
        self.marks[spec.id] = found
        return found

    def questions(self) -> tuple[QuestionMark, ...]:
        """The marks of all questions, in the rubric's order."""
        return tuple(
            question_mark(question, [mark for name, mark in self.marks.items() if name.split("/", 1)[0] == question.id])
            for question in self.coursework.rubric.questions
        )

    def _judge(self, question: Question, check: Check) -> Verdict:
        kind, parameters = self.coursework.kind_of(question, check)
        try:
            verdict = definitive(kind.judge(self.context(question, check), parameters), check.marks)
            places, said = looked_at(parameters, question.id, self.evidence.notebook, self.coursework.template)
            self._looked_at[question.id, check.id] = places
            return _with_reason(verdict, said)
        except Exception as error:  # noqa: BLE001 - the guard of a check: a fault of ours is a verdict, never a stop
            return self.fault(error, f"{question.id}/{check.id}")
