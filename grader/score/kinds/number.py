"""Kind `number`: one number, within a tolerance."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pydantic import Field, field_validator

from grader.oracle import Oracle
from grader.probes import Probe
from grader.records import Outcome
from grader.rubric import Check, Rubric
from grader.score.answer_text import Literal
from grader.score.kinds.answer_place import AnswerPlace, computed_at, nothing_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.follow_through import Carried, better
from grader.score.kinds.formula import in_words
from grader.score.kinds.formula_followed import Follows, own_formula, require_followed
from grader.score.kinds.identification import left_to_a_person
from grader.score.marks import ZERO

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[, _ ]\d{3})+(?!\d)|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")


class NumberParameters(AnswerPlace):
    """The key and how far from it an answer may lie."""

    answer: tuple[float, ...] = Field(min_length=1)
    """The right number, or several that are accepted."""
    tolerance: float = Field(default=0.0, ge=0)
    """Absolute."""
    relative: float = Field(default=1e-9, ge=0)
    """Relative to the right number."""
    follows: Follows | None = None
    """The formula of an earlier question on which the number builds."""

    @field_validator("answer", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list | tuple) else (value,)


def _checked(rubric: Rubric, check: Check, parameters: NumberParameters, oracle: Oracle | None) -> Iterable[Probe]:
    if parameters.follows is not None:
        require_followed(rubric, check, parameters.follows)
    return ()


@kind("number", parameters=NumberParameters, probes=_checked)
def judge(context: JudgeContext, parameters: NumberParameters) -> Verdict:
    """Marks a number.

    Looks at: the last number assigned to `variable` (simple arithmetic on numbers is carried out), or the only number
    in the prose between `after` and `before`, or, with none of these, in the question's own place.
    Passes: a number within `tolerance`, or within `relative` times the key. Where the question builds on a formula
    (`follows`), a number that the student's own formula gives at the stated sizes passes, too, and the page says so.
    Does not pass: any other number. A formula is not followed where `valid` excludes it: by default it has to depend on
    every size, to have a value there that is neither 0 nor a size, and not to contain the number itself. Where the
    formula waits for a person, a number that is not the key's waits with it.
    Limits: prose with several numbers goes to a person.
    """
    unread = computed_at(parameters, context.evidence.notebook, context.student_version)
    if unread:
        return left_to_a_person(unread)
    written = written_at(parameters, context.evidence.notebook, context.student_version, context.question.id)
    if written is None:
        return nothing_at(context, parameters)
    number = _number(written)
    if number is None:
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason="Your answer could not be read as one number; a person will look at it.",
        )
    return better(_by_key(context, parameters, number), lambda: _by_own_formula(context, parameters, number))


def _by_key(context: JudgeContext, parameters: NumberParameters, number: float) -> Verdict:
    if any(_close(number, Fraction(key), parameters) for key in parameters.answer):
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason="Right.")
    return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=f"{number:g} is not the right number.")


def _by_own_formula(context: JudgeContext, parameters: NumberParameters, number: float) -> Carried | None:
    if parameters.follows is None:
        return None
    own = own_formula(context, parameters.follows, Fraction(number))
    if own is None:
        return None
    if own.waits:
        return Carried(verdict=Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=own.why_not))
    if not own.values:
        return Carried(verdict=Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=own.why_not))
    value = next((value for value in own.values if _close(number, value, parameters)), None)
    if value is None:
        gives = f"{own.called}, gives {in_words(own.values[0])}." if own.mistaken and _shows_gap(context) else ""
        return Carried(verdict=Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=gives))
    return Carried(
        verdict=Verdict(outcome=Outcome.PASSED, mark=context.check.marks),
        explanation=f"Judged with {own.called[:1].lower()}{own.called[1:]}: that gives {in_words(value)}.",
        mistaken=own.mistaken,
    )


def _shows_gap(context: JudgeContext) -> bool:
    return context.question.show == "gap"


def _close(number: float, key: Fraction, parameters: NumberParameters) -> bool:
    distance = max(Fraction(parameters.tolerance), Fraction(parameters.relative) * abs(key))
    return abs(Fraction(number) - key) <= distance


def _number(written: Literal) -> float | None:
    """A finite number, or the only one in a text."""
    if isinstance(written, bool):
        return None
    if isinstance(written, int | float):
        return _finite(written)
    if not isinstance(written, str):
        return None
    found = {match.group() for match in _NUMBER.finditer(written[:2_000]) if re.search(r"\d", match.group())}
    values = {float(re.sub(r"[, _ ]", "", text)) for text in found}
    return _finite(values.pop()) if len(values) == 1 else None


def _finite(number: float) -> float | None:
    """A number as a float; None if no float holds it."""
    try:
        return float(number) if math.isfinite(number) else None
    except OverflowError:
        return None
