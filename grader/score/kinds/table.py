"""Kind `table`: numbers in a table, whatever it is written in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, field_validator, model_validator

from grader.coursework import StudentVersion
from grader.errors import RubricError
from grader.records import NotebookRecord, Outcome
from grader.rubric import Check, Rubric
from grader.score.kinds.answer_region import AnswerRegion, Piece, pieces, pieces_of
from grader.score.kinds.base import JudgeContext, Verdict, kind, kind_of
from grader.score.kinds.credit import joined
from grader.score.kinds.log import NOTED, executed_outputs
from grader.score.kinds.log_rules import Oddity
from grader.score.kinds.table_cells import OwnTable, read_table
from grader.score.kinds.table_grids import grids_in
from grader.score.kinds.table_relations import Relation, read_relation
from grader.score.kinds.table_rules import oddities, without_given
from grader.score.kinds.table_sources import MOST_GRIDS, grids_of
from grader.score.marks import ZERO, outcome_of, share

Band = tuple[float, float]
RERUN = "our run of your training"
_MOST_NAMED = 6


class TableParameters(AnswerRegion):
    """Which cells are asked, and what should hold among them."""

    rows: dict[str, tuple[str, ...]] = Field(min_length=1)
    """Name of a row -> other words for it; a list of names where there are none."""
    columns: dict[str, tuple[str, ...]] = Field(min_length=1)
    """The same for columns."""
    without: tuple[str, ...] = ()
    """Cells, as `row.column`, that are not asked for."""
    possible: dict[str, Band] = {}
    """Column -> smallest and largest value that there can be."""
    bands: dict[str, Band] = {}
    """Column, or `row.column` -> where a plausible value lies."""
    relations: tuple[Relation, ...] = ()
    """What should hold, as `train < valid` (in each row) or `one.valid < other.valid`."""

    @field_validator("rows", "columns", mode="before")
    @classmethod
    def _list_or_mapping(cls, value: Any) -> Any:
        return dict.fromkeys(map(str, value), ()) if isinstance(value, list | tuple) else value

    @field_validator("relations", mode="before")
    @classmethod
    def _text_or_record(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return tuple({"holds": one} if isinstance(one, str) else one for one in value)

    @model_validator(mode="after")
    def _names_are_there(self) -> TableParameters:
        for relation in self.relations:
            for row, column in read_relation(relation.holds).names:
                self.require(row, column)
        for name in (*self.possible, *self.bands, *self.without):
            row, point, column = name.rpartition(".")
            self.require(row if point else None, column)
        return self

    def require(self, row: str | None, column: str) -> None:
        """Nothing, if the table has such a row (None for any) and column.

        Raises:
            ValueError: if it has not.
        """
        if row is not None and row not in self.rows:
            raise ValueError(f'"{row}" is not among the `rows`')
        if column not in self.columns:
            raise ValueError(f'"{column}" is not among the `columns`')

    @property
    def wanted(self) -> tuple[tuple[str, str], ...]:
        """The cells that are asked for."""
        return tuple((r, c) for r in self.rows for c in self.columns if f"{r}.{c}" not in self.without)

    def words(self, row: str, column: str) -> str:
        """What the page calls a cell."""
        return f"{column} of {row}"


@kind("table", parameters=TableParameters, parts=("training",))
def judge(context: JudgeContext, parameters: TableParameters) -> Verdict:
    """Marks a table of numbers for being complete, and tells a person what in it does not fit.

    Looks at: tables between `after` and `before`, or in the question's own place, in markdown (with bars, as HTML or
        LaTeX), in stored outputs, in comments, or as dictionaries and data frames written in code; if there is none, in
        the whole notebook, then in what the training cells printed when they were run here. Rows and columns are found
        by their names, in any order, either way round.
    Why: the numbers of a training run are chance, so a table can be complete and consistent, but not right.
    Passes: all `rows` and `columns` that are asked, each with a number. The mark is the share of the cells.
    Does not pass: cells that are missing. Numbers that cannot be (`possible`), that are unusual (`bands`), relations
        that do not hold whatever was rounded, tables that contradict each other and patterns of made-up numbers are
        flags `table-*` for a person, and change no mark.
    Limits: a plausible table may still be made up. If cells are missing and there are rows or columns whose names mean
        nothing asked, a person looks.
    """
    table = own_table(context, context.check, parameters)
    wanted = parameters.wanted
    present = [key for key in wanted if key in table.cells or key in table.endless]
    if not present:
        return _nothing(context, parameters)
    missing = [parameters.words(*key) for key in wanted if key not in present]
    found = oddities(table, parameters)
    flags = tuple(dict.fromkeys(oddity.flag for oddity in found if oddity.flag))
    ours = "They stand in our run of your training." if any(c.place == RERUN for c in table.cells.values()) else ""
    said = [_summary(len(present), len(wanted), missing), ours, *_sentences(found)]
    if missing and table.strangers:
        strange = ", ".join(f'"{name}"' for name in table.strangers[:_MOST_NAMED])
        reason = joined([*said, f"These headings could not be told: {strange}; a person will look."])
        return Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=reason, flags=flags)
    mark = share(context.check.marks, len(present), len(wanted))
    outcome = outcome_of(mark, context.check.marks) if context.check.marks else Outcome.PASSED
    return Verdict(
        outcome=outcome,
        mark=mark,
        reason=joined(said),
        next_step="" if not missing else "Add the missing numbers, under the names that the question uses.",
        flags=flags,
    )


def own_table(context: JudgeContext, check: Check, parameters: TableParameters) -> OwnTable:
    """What a student's tables hold of the asked cells; read once for a submission."""
    key = f"table of line {check.line}, {check.id}: {parameters!r}"
    if key not in context.memo:
        table = _read(context.evidence.notebook, _mine(context, parameters), parameters)
        own = without_given(table, _given(context.student_version, parameters))
        context.memo[key] = own if own.cells else _of_rerun(context, parameters)
    found: OwnTable = context.memo[key]
    return found


def table_check(rubric: Rubric, question: str, check: str, line: int) -> tuple[Check, TableParameters]:
    """The check of kind `table` on which a later number builds.

    Raises:
        RubricError: if there is none, or more than one.
    """
    mine = [one for one in rubric.question(question).checks if one.kind == "table" and check in ("", one.id)]
    if len(mine) != 1:
        raise RubricError(
            "rubric-follows-no-table",
            f'question "{question}" has no single check of kind "table" to follow',
            where=f"{rubric.folder / 'rubric.yaml'}:{line}",
            next_step="name the check with `check:`",
        )
    parameters: TableParameters = kind_of(mine[0], rubric)[1]
    return mine[0], parameters


def _mine(context: JudgeContext, parameters: TableParameters) -> tuple[Piece, ...]:
    return pieces_of(context.evidence.notebook, parameters, context.student_version, context.question.id)


def _read(notebook: NotebookRecord, mine: tuple[Piece, ...], parameters: TableParameters) -> OwnTable:
    """The tables of an answer's place, else those of the whole notebook."""
    table = read_table(grids_of(mine), parameters.rows, parameters.columns)
    if table.cells:
        return table
    return read_table(grids_of(pieces(notebook, AnswerRegion())), parameters.rows, parameters.columns)


def _of_rerun(context: JudgeContext, parameters: TableParameters) -> OwnTable:
    """What the training cells printed when they were run here."""
    texts = (text for texts in executed_outputs(context.evidence) for text in texts)
    grids = [grid for text in texts for grid in grids_in(text, RERUN)]
    return read_table(grids[:MOST_GRIDS], parameters.rows, parameters.columns)


def _given(template: StudentVersion, parameters: TableParameters) -> OwnTable:
    return _read(template.notebook, pieces(template.notebook, parameters), parameters)


def _nothing(context: JudgeContext, parameters: TableParameters) -> Verdict:
    """The verdict where no asked cell was found: a person looks if anything else is there."""
    mine = [piece for piece in _mine(context, parameters) if piece.how]
    given = {
        line.strip().strip("# ") for cell in context.student_version.notebook.cells for line in cell.source.split("\n")
    }
    own = any(
        line.strip() and line.strip().strip("# ") not in given for piece in mine for line in piece.prose.split("\n")
    )
    if own or any(piece.outputs for piece in mine):
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason="No table with the asked rows and columns could be read here; a person will look at it.",
        )
    return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="No table was found here.")


def _summary(present: int, wanted: int, missing: list[str]) -> str:
    if not missing:
        return f"All {wanted} numbers are there."
    rest = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return f"{present} of {wanted} numbers are there. Missing: {', '.join(missing[:_MOST_NAMED])}{rest}."


def _sentences(found: Iterable[Oddity]) -> list[str]:
    sentences = [oddity.sentence for oddity in found]
    return [*sentences[:_MOST_NAMED], NOTED] if sentences else []


def intervals(table: OwnTable, *, cut: bool) -> Mapping[tuple[str, str], tuple[float, float]]:
    """Where each number may have lain before it was rounded."""
    return {
        key: (float(low), float(high))
        for key, cell in table.cells.items()
        for low, high in [cell.shown.interval(cut=cut)]
    }
