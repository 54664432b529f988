"""A student's own formula of an earlier question, for what builds on it: read anew, and followed only if fit to be.

A trivial formula would make the rest trivial: from `0` every count is 0. So a formula is followed only if it depends on
every size, has a value there that is neither 0 nor one of the sizes, and does not hold the later answer itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from pydantic import Field

from grader.errors import RubricError
from grader.records import Record
from grader.rubric import Check, Question, Rubric
from grader.score.kinds.base import JudgeContext, kind_of
from grader.score.kinds.formula import FormulaParameters, is_right, shown
from grader.score.kinds.formula_text import Unread, written_formula
from grader.score.kinds.formula_value import Formula


class Validity(Record):
    """What a student's formula has to be for later answers to follow it."""

    depends_on: tuple[str, ...] | None = None
    """Symbols with which its value has to change; all those with a size if nothing is said."""
    between: tuple[float, float] | None = None
    """Where its value at the sizes has to lie."""


class Follows(Record):
    """The formula on which an answer builds."""

    question: str
    """One of those that the question `uses`."""
    check: str = ""
    """Its check of kind `formula`, if it has several."""
    at: dict[str, int] = Field(min_length=1)
    """Symbol -> size at which the formula is evaluated."""
    valid: Validity = Validity()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFormula:
    """A student's formula, as far as it is followed."""

    called: str
    """ "Your own formula from question 3a, `4(n+d)`"."""
    values: tuple[Fraction, ...] = ()
    """What it gives at the sizes, one value for each reading; empty if it is not followed."""
    mistaken: bool = True
    """False if it is right."""
    why_not: str = ""
    """Why it is not followed; a sentence."""
    waits: bool = False
    """True if it was not read, so that a person has to."""


def require_followed(rubric: Rubric, check: Check, follows: Follows) -> None:
    """Nothing, if there is such a formula, before this check, and every symbol of it has a size.

    Raises:
        RubricError: with what is wrong.
    """
    where = f"{rubric.folder / 'rubric.yaml'}:{check.line}"
    mine = next((question for question in rubric.questions if check in question.checks), None)
    if mine is None or follows.question not in mine.uses:
        raise RubricError(
            "rubric-follows-unused-question",
            f'the check follows question "{follows.question}", which its question does not use',
            where=where,
            next_step=f"add `uses: [{follows.question}]` to the question",
        )
    found = _formula_check(rubric, follows)
    if found is None:
        raise RubricError(
            "rubric-follows-no-formula",
            f'question "{follows.question}" has no single check of kind "formula" to follow',
            where=where,
            next_step="name the check with `check:`",
        )
    missing = sorted(set(found.symbols) - set(follows.at))
    unknown = sorted({*follows.at, *(follows.valid.depends_on or ())} - set(found.symbols))
    if missing or unknown:
        what = f'`at` has no size for "{missing[0]}"' if missing else f'the formula has no symbol "{unknown[0]}"'
        raise RubricError(
            "rubric-follows-other-symbols",
            what,
            where=where,
            next_step=f"its symbols are {', '.join(found.symbols)}",
        )


def own_formula(context: JudgeContext, follows: Follows, answer: Fraction) -> OwnFormula | None:
    """The student's formula on which an answer builds; None if nothing was written there.

    Args:
        context: of the answer that builds on it.
        follows: which formula, and at which sizes.
        answer: the later answer; a formula that holds it is not followed.
    """
    parameters = _formula_check(context.rubric, follows)
    if parameters is None:
        return None
    notebook, template = context.evidence.notebook, context.student_version
    written = written_formula(parameters, notebook, template, parameters.table, follows.question)
    if written is None:
        return None
    place = f"from question {follows.question}"
    if isinstance(written, Unread):
        why = f"It may follow from your formula {place}, which waits for a person, so this waits, too."
        return OwnFormula(called=f"Your own formula {place}", why_not=why, waits=True)
    called = f"Your own formula {place}, `{shown(written)}`"
    values, why_not = [], ""
    for formula in written.readings:
        obstacle = _obstacle(formula, follows, answer)
        value = formula.value(_sizes(formula, follows))
        if obstacle or value is None:
            why_not = why_not or f"{called}, was not followed: {obstacle}."
        else:
            values.append(value)
    return OwnFormula(called=called, values=tuple(values), mistaken=not is_right(written, parameters), why_not=why_not)


def _formula_check(rubric: Rubric, follows: Follows) -> FormulaParameters | None:
    """The parameters of the formula that is followed; None if there is none, or more than one."""
    found = list(_formulas(rubric.question(follows.question), follows.check))
    if len(found) != 1:
        return None
    _, parameters = kind_of(found[0], rubric)
    return parameters if isinstance(parameters, FormulaParameters) else None


def _formulas(question: Question, name: str) -> Iterator[Check]:
    return (check for check in question.checks if check.kind == "formula" and name in ("", check.id))


def _obstacle(formula: Formula, follows: Follows, answer: Fraction) -> str:
    """Why a formula is not fit to be followed; empty if it is."""
    wanted = follows.valid.depends_on if follows.valid.depends_on is not None else tuple(follows.at)
    if formula.constant:
        return "it is a number"
    ignored = [name for name in wanted if not formula.depends_on(name)]
    if ignored:
        return f"it does not depend on {' and '.join(f'`{name}`' for name in ignored)}"
    if answer in formula.numbers:
        return "it holds the number itself"
    value = formula.value(_sizes(formula, follows))
    if value is None:
        return "it has no value for these sizes"
    if value == 0 or value in follows.at.values():
        return "its value for these sizes is trivial"
    band = follows.valid.between
    if band is not None and not Fraction(band[0]) <= value <= Fraction(band[1]):
        return f"its value is not between {band[0]:g} and {band[1]:g}"
    return ""


def _sizes(formula: Formula, follows: Follows) -> dict[str, int]:
    return {name: follows.at[name] for name in formula.names}
