"""Kind `number`: one number, within a tolerance."""

from __future__ import annotations

import math
import re
from typing import Any

from pydantic import Field, field_validator

from grader.records import Outcome
from grader.score.answer_text import Literal
from grader.score.kinds.answer_place import AnswerPlace, computed_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
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

    @field_validator("answer", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list | tuple) else (value,)


@kind("number", parameters=NumberParameters)
def judge(context: JudgeContext, parameters: NumberParameters) -> Verdict:
    """Marks a number.

    Looks at: the last number assigned to `variable` (simple arithmetic on numbers is carried out), or the only number
    in the prose between `after` and `before`.
    Passes: a number within `tolerance`, or within `relative` times the key.
    Does not pass: any other number.
    Limits: prose with several numbers goes to a person.
    """
    unread = computed_at(parameters, context.evidence.notebook, context.student_version)
    if unread:
        return left_to_a_person(unread)
    written = written_at(parameters, context.evidence.notebook, context.student_version)
    if written is None:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    number = _number(written)
    if number is None:
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason="Your answer could not be read as one number; a person will look at it.",
        )
    if any(abs(number - key) <= max(parameters.tolerance, parameters.relative * abs(key)) for key in parameters.answer):
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason="Right.")
    return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=f"{number:g} is not the right number.")


def _number(written: Literal) -> float | None:
    """A finite number, or the only one in a text."""
    if isinstance(written, bool):
        return None
    if isinstance(written, int | float):
        return float(written) if math.isfinite(written) else None
    if not isinstance(written, str):
        return None
    found = {match.group() for match in _NUMBER.finditer(written[:2_000]) if re.search(r"\d", match.group())}
    values = {float(re.sub(r"[, _ ]", "", text)) for text in found}
    return values.pop() if len(values) == 1 else None
