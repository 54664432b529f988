"""Kind `number`: one number, within a tolerance."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pydantic import Field, field_validator, model_validator

from grader.oracle import Oracle
from grader.probes import Probe
from grader.records import Outcome
from grader.rubric import Check, Rubric
from grader.score.kinds.answer_place import AnswerPlace, computed_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.credit import joined
from grader.score.kinds.follow_through import Carried, better
from grader.score.kinds.formula import in_words
from grader.score.kinds.formula_followed import Follows, own_formula, require_followed
from grader.score.kinds.identification import left_to_a_person
from grader.score.kinds.number_text import Stated, stated
from grader.score.kinds.table_value import TableValue, from_own_table, require_table
from grader.score.kinds.without_key import MayLackKey, kept, require_no_marks
from grader.score.marks import ZERO

_CUT = "Its last digits are cut off, not rounded."


class NumberParameters(AnswerPlace, MayLackKey):
    """The key and how far from it an answer may lie."""

    answer: tuple[float, ...] = ()
    """The right number, or several that are accepted; needed unless `of_table` or `key: none` is given."""
    tolerance: float = Field(default=0.0, ge=0)
    """Absolute."""
    relative: float = Field(default=1e-9, ge=0)
    """Relative to the right number."""
    rounded: int | None = Field(default=None, ge=1, le=15)
    """If given, the key rounded to at least so many digits is right, too; digits may be cut off."""
    unit: tuple[str, ...] = ()
    """Words that may follow the number: in prose with several numbers, the one that they follow is meant."""
    follows: Follows | None = None
    """The formula of an earlier question on which the number builds."""
    of_table: TableValue | None = None
    """What is to be computed from the student's own table of an earlier question."""

    @field_validator("answer", "unit", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list | tuple) else (value,)

    @model_validator(mode="after")
    def _has_a_key(self) -> NumberParameters:
        if self.key is None and not self.answer and self.of_table is None:
            raise ValueError("give `answer`, `of_table` or `key: none`")
        return self


def _checked(rubric: Rubric, check: Check, parameters: NumberParameters, oracle: Oracle | None) -> Iterable[Probe]:
    if parameters.follows is not None:
        require_followed(rubric, check, parameters.follows)
    if parameters.of_table is not None:
        require_table(rubric, check, parameters.of_table)
    return require_no_marks(rubric, check, parameters, oracle)


@kind("number", parameters=NumberParameters, probes=_checked)
def judge(context: JudgeContext, parameters: NumberParameters) -> Verdict:
    """Marks a number.

    Looks at: the last number assigned to `variable` (simple arithmetic on numbers is carried out), or the only number
        in the prose between `after` and `before`. Where there are several: the one before a word of `unit`, the only
        one that is not the value of a symbol ("for n = 128"), or the end of a computation (`4 * 5 = 20`).
    Passes: a number within `tolerance`, or within `relative` times the key, in any form: `20,224`, `20 224`,
        `2.0224e4`, `2.0224 × 10^4`, `20.224 k`. With `rounded`, the key rounded to so many digits or more. Where the
        question builds on a formula (`follows`), a number that the student's own formula gives at the stated sizes
        passes, too, and the page says so; where it builds on a table (`of_table`), what the student's own table gives.
    Does not pass: any other number. A formula is not followed where `valid` excludes it: by default it has to depend on
        every size, to have a value there that is neither 0 nor a size, and not to contain the number itself. Where the
        formula waits for a person, a number that is not the key's waits with it.
    Limits: prose with several numbers goes to a person. A number that can be read in two ways (`20.224`) passes if one
        of them is right.
    """
    unread = computed_at(parameters, context.evidence.notebook, context.student_version)
    if unread:
        return left_to_a_person(unread)
    written = written_at(parameters, context.evidence.notebook, context.student_version)
    if parameters.key is not None:
        return kept(context, written)
    if written is None:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    number = stated(written, parameters.unit)
    if number is None:
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason="Your answer could not be read as one number; a person will look at it.",
        )
    if parameters.of_table is not None:
        return better(_by_table(context, parameters, number), lambda: _with_key(context, parameters, number))
    return better(_by_key(context, parameters, number), lambda: _by_own_formula(context, parameters, number))


def _by_key(context: JudgeContext, parameters: NumberParameters, number: Stated) -> Verdict:
    for key in map(Fraction, parameters.answer):
        if any(_close(value, key, parameters) for value in number.values):
            return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason="Right.")
        if parameters.rounded is not None and number.rounds(key, digits=parameters.rounded):
            cut = not number.rounds(key, digits=parameters.rounded, cut=False)
            reason = joined(["Right.", _CUT if cut else ""])
            return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason=reason)
    return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=f"{number.text} is not the right number.")


def _by_table(context: JudgeContext, parameters: NumberParameters, number: Stated) -> Verdict:
    """The verdict by the student's own table; a person decides where that lacks the numbers and there is no key."""
    wanted = parameters.of_table
    own = None if wanted is None else from_own_table(context, wanted)
    if own is None:
        reason = "Your table does not have the numbers from which this follows"
        if parameters.answer:
            return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=f"{reason}.")
        words = f"{reason}; a person will look at it."
        return Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=words)
    if number.meets(own.rounded, within=parameters.tolerance, cut=False):
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason="That follows from your own table.")
    if number.meets(own.cut, within=parameters.tolerance, cut=True):
        reason = f"That follows from your own table. {_CUT}"
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason=reason)
    gives = f" There it is {own.words}." if _shows_gap(context) else ""
    reason = f"{number.text} does not follow from your own table.{gives}"
    return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=reason)


def _with_key(context: JudgeContext, parameters: NumberParameters, number: Stated) -> Carried | None:
    """The key's verdict beside that of the table, where there is a key."""
    if not parameters.answer:
        return None
    verdict = _by_key(context, parameters, number)
    return Carried(verdict=verdict, explanation="It is the right number, if not that of your table.", mistaken=False)


def _by_own_formula(context: JudgeContext, parameters: NumberParameters, number: Stated) -> Carried | None:
    if parameters.follows is None:
        return None
    own = own_formula(context, parameters.follows, number.values[0])
    if own is None:
        return None
    if own.waits:
        return Carried(verdict=Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=own.why_not))
    if not own.values:
        return Carried(verdict=Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=own.why_not))
    matches = (value for value in own.values if any(_close(one, value, parameters) for one in number.values))
    value = next(matches, None)
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


def _close(number: Fraction, key: Fraction, parameters: NumberParameters) -> bool:
    distance = max(Fraction(parameters.tolerance), Fraction(parameters.relative) * abs(key))
    return abs(number - key) <= distance
