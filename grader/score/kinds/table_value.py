"""A value that follows from a student's own table: computed from their numbers, as far as rounding leaves it open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from pydantic import field_validator

from grader.errors import RubricError
from grader.records import Record
from grader.rubric import Check, Rubric
from grader.score.kinds.base import JudgeContext
from grader.score.kinds.table import intervals, own_table, table_check
from grader.score.kinds.table_relations import Interval, evaluate, names_of, read_expression

_LARGEST = 1e300


class TableValue(Record):
    """What is computed, and from which table."""

    question: str
    """One of those that the question `uses`, or the question itself."""
    check: str = ""
    """Its check of kind `table`, if it has several."""
    value: str
    """Of cells named `row.column`, for example `first.test - second.test`."""

    @field_validator("value")
    @classmethod
    def _names_cells(cls, value: str) -> str:
        names = names_of(read_expression(value))
        if not names or any(row is None for row, _ in names):
            raise ValueError(f'"{value}" has to name cells as `row.column`')
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A value with where it may lie, given that the numbers of the table are rounded, or cut off."""

    rounded: tuple[Fraction, Fraction]
    cut: tuple[Fraction, Fraction]
    words: str


def require_table(rubric: Rubric, check: Check, wanted: TableValue) -> None:
    """Nothing, if there is such a table before the check, with the cells that are named.

    Raises:
        RubricError: with what is wrong.
    """
    where = f"{rubric.folder / 'rubric.yaml'}:{check.line}"
    mine = next((question for question in rubric.questions if check in question.checks), None)
    if mine is None or wanted.question not in (*mine.uses, mine.id):
        raise RubricError(
            "rubric-follows-unused-question",
            f'the check follows question "{wanted.question}", which its question does not use',
            where=where,
            next_step=f"add `uses: [{wanted.question}]` to the question",
        )
    _, parameters = table_check(rubric, wanted.question, wanted.check, check.line)
    for row, column in names_of(read_expression(wanted.value)):
        if row not in parameters.rows or column not in parameters.columns:
            raise RubricError(
                "rubric-follows-other-cells",
                f'the table has no cell "{row}.{column}"',
                where=where,
                next_step=f"its rows are {', '.join(parameters.rows)}, its columns {', '.join(parameters.columns)}",
            )


def from_own_table(context: JudgeContext, wanted: TableValue) -> Own | None:
    """The value by the student's own numbers; None if the table lacks one of them or it has no finite value."""
    check, parameters = table_check(context.rubric, wanted.question, wanted.check, context.check.line)
    table = own_table(context, check, parameters)
    expression = read_expression(wanted.value)
    names = [(row or "", column) for row, column in names_of(expression)]
    if not all(name in table.cells for name in names):
        return None
    rounded, cut = (evaluate(expression, _looked_up(intervals(table, cut=cut))) for cut in (False, True))
    if not all(abs(end) < _LARGEST for end in (*rounded, *cut)):
        return None
    value, _ = evaluate(expression, _looked_up({name: (table.cells[name].value,) * 2 for name in names}))
    return Own(rounded=_exact(rounded), cut=_exact(cut), words=f"{value:.6g}")


def _looked_up(known: Mapping[tuple[str, str], Interval]) -> Callable[[str | None, str], Interval]:
    return lambda row, column: known[row or "", column]


def _exact(interval: Interval) -> tuple[Fraction, Fraction]:
    return Fraction(interval[0]), Fraction(interval[1])
