"""Marks for what is read and never run: taken from notebooks alone, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from grader.coursework import student_version
from grader.errors import EvidenceError
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.rubric import Question, Rubric
from grader.score.case import Case, Coursework
from grader.score.checks import CheckSpec
from grader.score.gate import unless_blank
from grader.score.kinds import kind_of, waits_for_a_person
from grader.score.marks import ZERO
from grader.score.planning import ProbePlan
from grader.score.worker_lines import ScoredSubmission
from grader.score.worker_records import ScoreItem


def read_questions(rubric: Rubric) -> tuple[Question, ...]:
    """The questions that need no kernel: all their marks are given for what is read, as in those that they build on."""
    return tuple(question for question in rubric.questions if _is_read(question, rubric))


def marks_by_hand(rubric: Rubric) -> dict[str, Decimal]:
    """Question -> how many of its marks are always given by a person."""
    return {
        question.id: sum((check.marks for check in question.checks if waits_for_a_person(check, rubric)), ZERO)
        for question in rubric.questions
    }


def score_read(
    items: Sequence[ScoreItem], rubric: Rubric, oracle: Oracle | None, plan: ProbePlan
) -> Iterator[tuple[str, ScoredSubmission]]:
    """What the questions that need no kernel earn, by key of the hand-in; the others are left out.

    Args:
        items: hand-ins with their notebooks; nothing else of their evidence is looked at.
        rubric: the coursework.
        oracle: the one that it names.
        plan: what it asks of kernels.
    """
    coursework = Coursework(rubric=rubric, oracle=oracle, plan=plan, template=student_version(rubric))
    questions = read_questions(rubric)
    for item in items:
        case = Case(key=item.key, evidence=Evidence(item.folder), coursework=coursework)
        for question in questions:
            _judge(case, question)
        kept = {question.id for question in questions}
        marks = tuple(mark for mark in case.questions() if mark.id in kept)
        yield item.key, ScoredSubmission(questions=marks, flags=tuple(case.flags), fault_log="\n".join(case.faults))


def _judge(case: Case, question: Question) -> None:
    for check in question.checks:
        where = f"rubric.yaml:{check.line}"
        spec = CheckSpec(question=question, name=check.id, marks=check.marks, where=where, kind=check.kind)
        verdict = case.judge(question, check)
        try:
            verdict = unless_blank(case, spec, verdict)
        except EvidenceError as error:
            verdict = case.fault(error, spec.id)
        case.record(spec, verdict)


def _is_read(question: Question, rubric: Rubric) -> bool:
    """True if no check of it is a test or looks at what a kernel left, here and in the questions that it uses."""
    whole = sum(check.marks for check in question.checks) == question.marks
    kinds = [kind_of(check, rubric) for check in question.checks]
    parts = [part for kind, parameters in kinds for part in (*kind.parts, *kind.parts_for(parameters))]
    return whole and not parts and all(_is_read(rubric.question(used), rubric) for used in question.uses)
