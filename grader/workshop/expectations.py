"""What hand-ins of ours have to earn, compared with what they earned: pure functions of expectations and marks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

from grader.records import CheckMark, Outcome, QuestionMark, RunMarks, SubmissionMarks
from grader.workshop.findings import OUR_FAULT, CheckFinding

SOLUTION, BLANK = "model solution", "blank student version"
_FAULTS = {"execution-fault", "scoring-fault", "not-scored", "intake-fault"}
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One hand-in of ours."""

    kind: Literal["solution", "blank", "mutant", "alternative"]
    submission: str
    """Its file."""
    name: str
    where: str
    """File and line that describe it."""
    question: str = ""
    """Where a mutant is planted."""
    loses: Mapping[str, Decimal | None] = field(default_factory=dict)
    """Question -> marks fewer than the model solution; None if any loss will do."""
    diagnoses: frozenset[tuple[str, str]] = frozenset()
    """Every (question, mistake) that is named."""
    conventions: tuple[tuple[str, str], ...] = ()
    """(question, words that the verdict's convention has)."""


def findings_of(expectations: Sequence[Expectation], marks: RunMarks) -> list[CheckFinding]:
    """What holds and what does not, hand-in by hand-in.

    Args:
        expectations: with the model solution among them.
        marks: of one run over all of them.
    """
    rows = {row.submission: row for row in marks.submissions}
    solution = next(rows[item.submission] for item in expectations if item.kind == "solution")
    found: list[CheckFinding] = []
    for item in expectations:
        row = rows[item.submission]
        if _FAULTS & set(row.flags) or not row.questions:
            found.append(_not_marked(item, row))
        elif item.kind in ("mutant", "alternative") and not solution.questions:
            continue  # there is nothing to compare it with, and that has been said
        elif item.kind == "solution":
            found += _solution(item, row)
        elif item.kind == "blank":
            found += _blank(item, row)
        elif item.kind == "mutant":
            found += _mutant(item, row, solution)
        else:
            found += _alternative(item, row, solution)
    return found


def findings_within(
    expectations: Sequence[Expectation], marks: RunMarks, questions: Collection[str]
) -> list[CheckFinding]:
    """The same, where only some questions were marked: of the mutants, about those that are planted in these alone."""
    chosen = [item for item in expectations if {*item.loses, *(place for place, _ in item.diagnoses)} <= {*questions}]
    inside = [
        replace(item, conventions=tuple(one for one in item.conventions if one[0] in questions))
        for item in chosen
        if item.question in ("", *questions)
    ]
    return findings_of(inside, marks)


def differences(expectations: Sequence[Expectation], one: RunMarks, other: RunMarks) -> list[CheckFinding]:
    """Whether two runs with different seeds say the same about every check: mark, outcome and diagnosis."""
    rows = [{row.submission: row for row in marks.submissions} for marks in (one, other)]
    found = []
    for item in expectations:
        first, second = ({check.id: check for check in _checks(run[item.submission])} for run in rows)
        different = [name for name in {**first, **second} if _said(first.get(name)) != _said(second.get(name))]
        said = [f"{name}: {_words(first.get(name))} with one seed, {_words(second.get(name))} with another"
                for name in different]  # fmt: skip
        text = "; ".join(said) or "two seeds, the same outcome"
        questions = tuple(dict.fromkeys(name.partition("/")[0] for name in different))
        found.append(
            _finding(item, "same-outcome-twice", not different, text, where=" ".join(questions), checks=different)
        )
    return found


def _solution(item: Expectation, row: SubmissionMarks) -> Iterator[CheckFinding]:
    """Every check is full marks or waits for a person by design."""
    for question in row.questions:
        lost = [check for check in question.checks if not (check.mark == check.max or _waits_by_design(check))]
        text = _list(lost) or "the model solution gets all automatic marks"
        yield _finding(item, "solution-full-marks", not lost, text, where=question.id, checks=_ids(lost))


def _blank(item: Expectation, row: SubmissionMarks) -> Iterator[CheckFinding]:
    """Nothing is earned, and nothing waits."""
    for question in row.questions:
        earned = [check for check in question.checks if (check.mark is None or check.mark > _ZERO) and check.max > 0]
        text = _list(earned) or "the blank student version earns nothing"
        yield _finding(item, "blank-earns-nothing", not earned, text, where=question.id, checks=_ids(earned))


def _mutant(item: Expectation, row: SubmissionMarks, solution: SubmissionMarks) -> Iterator[CheckFinding]:
    """Marks are lost where the file says, and as many as it says; the mistake is named; nothing else is touched."""
    before = {question.id: question for question in solution.questions}
    for question in row.questions:
        if question.id in item.loses:
            yield _caught(item, question, before[question.id])
    elsewhere = [question for question in row.questions if question.id not in item.loses]
    yield _untouched(item, "mutant-loses-nothing-else", elsewhere, before)
    yield _named(item, row)


def _caught(item: Expectation, question: QuestionMark, solution: QuestionMark) -> CheckFinding:
    wanted = item.loses[question.id]
    waiting = [check for check in question.checks if check.mark is None and not _waits_by_design(check)]
    lost = _sum(solution) - _sum(question)
    right = not waiting and (lost > _ZERO if wanted is None else lost == wanted)
    should = "marks" if wanted is None else f"{wanted:f} marks"
    text = f"{lost:f} marks are lost" if right else f"should lose {should}, loses {lost:f}. {_list(question.checks)}"
    checks = () if right else _ids(question.checks)
    return _finding(item, "mutant-caught", right, text, where=question.id, checks=checks)


def _named(item: Expectation, row: SubmissionMarks) -> CheckFinding:
    """Exactly what should be named is named."""
    found = {
        (question.id, name): check.id for question in row.questions for check in question.checks
        for name in check.diagnosis
    }  # fmt: skip
    missing, surplus = sorted(item.diagnoses - found.keys()), sorted(found.keys() - item.diagnoses)
    parts = [f"{question} does not name {name}" for question, name in missing]
    parts += [f"{found[question, name]} names {name}" for question, name in surplus]
    if missing:
        parts.append(_list([check for question in row.questions for check in question.checks
                            if question.id in {place for place, _ in missing}]))  # fmt: skip
    right = " ".join(f"{question}:{name}" for question, name in sorted(found)) or "nothing is named, as it should be"
    places = dict.fromkeys(question for question, _ in (*missing, *surplus))
    return _finding(
        item, "mutant-named", not parts, "; ".join(parts) or right, where=" ".join(places) or item.question,
        checks=[found[key] for key in surplus],
    )  # fmt: skip


def _alternative(item: Expectation, row: SubmissionMarks, solution: SubmissionMarks) -> Iterator[CheckFinding]:
    """Nothing is lost and nothing is named; the form is recognised where the file says so."""
    before = {question.id: question for question in solution.questions}
    yield _untouched(item, "alternative-full-marks", row.questions, before)
    named = [f"{check.id} names {name}" for check in _checks(row) for name in check.diagnosis]
    text = "; ".join(named) or "nothing is named"
    yield _finding(item, "alternative-not-named", not named, text)
    for identifier, words in item.conventions:
        question = next(question for question in row.questions if question.id == identifier)
        said = "; ".join(check.convention for check in question.checks if check.convention)
        text = f'"{said}"' if words in said else f'"{words}" was expected, "{said}" was said'
        yield _finding(item, "alternative-convention", words in said, text, where=identifier)


def _untouched(
    item: Expectation, code: str, questions: Sequence[QuestionMark], before: Mapping[str, QuestionMark]
) -> CheckFinding:
    """Whether these questions have what the model solution has, check by check."""
    touched: list[CheckMark] = []
    for question in questions:
        marks = {check.id: check.mark for check in before[question.id].checks}
        touched += [check for check in question.checks if check.id not in marks or check.mark != marks[check.id]]
    text = _list(touched) or "what the model solution has"
    places = dict.fromkeys(check.id.partition("/")[0] for check in touched)
    return _finding(item, code, not touched, text, where=" ".join(places), checks=_ids(touched))


def _not_marked(item: Expectation, row: SubmissionMarks) -> CheckFinding:
    """A hand-in that could not be judged: ours, or, where it was refused, the coursework's."""
    ours = bool(_FAULTS & set(row.flags))
    why = row.reason.what if row.reason is not None else " ".join(row.flags) or "nothing was marked"
    code = OUR_FAULT if ours else {"solution": "solution-full-marks", "blank": "blank-earns-nothing"}.get(
        item.kind, f"{item.kind}-marked")  # fmt: skip
    return _finding(item, code, False, why)


def _finding(
    item: Expectation, code: str, ok: bool, text: str, *, where: str = "", checks: Sequence[str] = ()
) -> CheckFinding:
    return CheckFinding(
        code=code, ok=ok, text=text, where=where, hand_in=item.name, at=item.where, checks=tuple(checks)
    )


def _checks(row: SubmissionMarks) -> list[CheckMark]:
    return [check for question in row.questions for check in question.checks]


def _waits_by_design(check: CheckMark) -> bool:
    return check.outcome is Outcome.MANUAL and not check.uncertain


def _sum(question: QuestionMark) -> Decimal:
    return sum((check.mark for check in question.checks if check.mark is not None), _ZERO)


def _said(check: CheckMark | None) -> object:
    return None if check is None else (check.mark, check.outcome, sorted(check.diagnosis))


def _words(check: CheckMark | None) -> str:
    return "nothing" if check is None else " ".join([f"{check.mark} {check.outcome}", *check.diagnosis])


def _ids(checks: Sequence[CheckMark]) -> tuple[str, ...]:
    return tuple(check.id for check in checks)


def _list(checks: Sequence[CheckMark]) -> str:
    return "; ".join(f"{check.id}: {check.mark} of {check.max}, {check.outcome}. {check.reason}" for check in checks)
