"""Sums and rounding of marks; the only module that computes with them. Marks are exact decimals with two places."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from grader.records import Adjustment, CheckMark, Outcome, QuestionMark
from grader.rubric import Lateness, Question, Rubric

ZERO = Decimal("0.00")
_CENT = Decimal("0.01")

LATE = "late"
"""Id of the adjustment for lateness, by which an event can waive it."""


def rounded(mark: Decimal) -> Decimal:
    """A mark with two places, halves up."""
    return mark.quantize(_CENT, rounding=ROUND_HALF_UP)


def as_mark(value: Decimal | int | float | str, *, maximum: Decimal) -> Decimal:
    """A mark between 0 and `maximum`, from a number; floats are read as they print (0.1 is a tenth).

    Raises:
        ValueError: if it is no number, not finite, negative or above the maximum.
    """
    try:
        mark = Decimal(str(value))
    except ArithmeticError as error:
        raise ValueError(f"a mark must be a number, found {value!r}") from error
    if not mark.is_finite() or not 0 <= mark <= maximum:
        raise ValueError(f"a mark must lie between 0 and {maximum}, found {value!r}")
    return rounded(mark)


def share(maximum: Decimal, right: int, of: int) -> Decimal:
    """The part of `maximum` that `right` of `of` equal pieces earn, rounded; 0 where there are no pieces."""
    return rounded(maximum * right / of) if of else ZERO


def outcome_of(mark: Decimal, maximum: Decimal) -> Outcome:
    """The outcome that a decided mark means."""
    if mark >= maximum:
        return Outcome.PASSED
    return Outcome.PARTIAL if mark > 0 else Outcome.FAILED


def question_mark(question: Question, checks: Sequence[CheckMark]) -> QuestionMark:
    """The sum of a question's checks; its mark is None while one of them waits."""
    undecided = any(check.mark is None for check in checks)
    outcomes = {check.outcome for check in checks}
    return QuestionMark(
        id=question.id,
        title=question.title,
        mark=None if undecided else rounded(decided(checks)),
        max=rounded(question.marks),
        outcome=outcomes.pop() if len(outcomes) == 1 else Outcome.PARTIAL,
        checks=tuple(checks),
    )


def decided(checks: Iterable[CheckMark]) -> Decimal:
    """The sum of the marks that are decided."""
    return sum((check.mark for check in checks if check.mark is not None), ZERO)


def open_marks(checks: Iterable[CheckMark]) -> Decimal:
    """The sum of the marks that wait for a person."""
    return sum((check.max for check in checks if check.mark is None), ZERO)


def total(questions: Iterable[QuestionMark], adjustments: Iterable[Adjustment]) -> Decimal:
    """What is decided, adjustments included; never below 0."""
    checks = [check for question in questions for check in question.checks]
    return max(ZERO, rounded(decided(checks) + sum((adjustment.marks for adjustment in adjustments), ZERO)))


def lateness(rubric: Rubric, hours_late: float | None, subtotal: Decimal) -> Adjustment | None:
    """The deduction for a late hand-in, None where there is none.

    Hours count from the deadline; the grace only decides whether they count at all. No more is taken than there is.
    """
    rule = rubric.lateness
    if rule is None or hours_late is None or hours_late <= rule.grace_hours or hours_late <= 0:
        return None
    percent = _late_percent(rule, hours_late)
    deduction = min(rounded(rubric.max * percent / 100), subtotal)
    return Adjustment(
        id=LATE,
        marks=-deduction,
        reason=f"Handed in {_hours(hours_late)} late: {_plain(percent)} % of {_plain(rubric.max)} marks.",
        by="policy",
    )


def add_up(parts: Iterable[Decimal]) -> Decimal:
    """The exact sum of marks."""
    return sum(parts, Decimal(0))


def _late_percent(rule: Lateness, hours_late: float) -> Decimal:
    periods = math.ceil(Decimal(str(hours_late)) / Decimal(str(rule.period_hours)))
    return min(rule.percent * periods, rule.maximum_percent)


def _hours(hours: float) -> str:
    if hours < 1:
        return "less than an hour"
    whole = math.ceil(hours)
    return f"{whole} hour{'s' if whole != 1 else ''}"


def _plain(number: Decimal) -> str:
    """A decimal without trailing zeros or exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
