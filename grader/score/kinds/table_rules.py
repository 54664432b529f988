"""What does not fit in a table: each rule finds numbers for a person to look at, and takes no mark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from grader.score.kinds.log_rules import Oddity
from grader.score.kinds.table_cells import Cell, Key, OwnTable, agree
from grader.score.kinds.table_relations import Interval, Relation, read_relation, violated

if TYPE_CHECKING:
    from grader.score.kinds.table import TableParameters

_FEWEST_IN_PATTERN = 3
"""Columns in which two rows have to differ by the same amount, before that is said."""
_MOST_SAID = 4


def oddities(table: OwnTable, parameters: TableParameters) -> list[Oddity]:
    """Everything that does not fit, in the order of the rules."""
    return [found for rule in _RULES for found in rule(table, parameters)]


def _impossible(table: OwnTable, parameters: TableParameters) -> Iterator[Oddity]:
    for row, column in table.endless[:_MOST_SAID]:
        yield Oddity(flag="table-impossible", sentence=f"{parameters.words(row, column)} is not finite.")
    for (row, column), cell in table.cells.items():
        band = parameters.possible.get(column)
        if band is not None and not band[0] <= cell.value <= band[1]:
            yield Oddity(
                flag="table-impossible",
                sentence=f"{parameters.words(row, column)} is {cell.text}, which cannot be: it lies between "
                f"{band[0]:g} and {band[1]:g}.",
            )


def _unusual(table: OwnTable, parameters: TableParameters) -> Iterator[Oddity]:
    for (row, column), cell in table.cells.items():
        band = parameters.bands.get(f"{row}.{column}", parameters.bands.get(column))
        if band is not None and not band[0] <= cell.value <= band[1]:
            yield Oddity(
                flag="table-unusual",
                sentence=f"{parameters.words(row, column)} is {cell.text}, which is not between {band[0]:g} and "
                f"{band[1]:g}.",
            )


def _relations(table: OwnTable, parameters: TableParameters) -> Iterator[Oddity]:
    for relation in parameters.relations:
        parsed = read_relation(relation.holds)
        each = any(row is None for row, _ in parsed.names)
        for row in parameters.rows if each else ("",):
            asked = [(row if name is None else name, column) for name, column in parsed.names]
            if all(key in table.cells for key in asked):
                yield from _relation(table, relation, row)


def _relation(table: OwnTable, relation: Relation, row: str) -> Iterator[Oddity]:
    def value(named: str | None, column: str, *, cut: bool) -> Interval:
        low, high = table.cells[row if named is None else named, column].shown.interval(cut=cut)
        return float(low), float(high)

    parsed = read_relation(relation.holds)
    where = f" in row {row}" if row else ""
    if violated(parsed, lambda named, column: value(named, column, cut=True), relation.within):
        flag = "table-inconsistent" if parsed.sign == "=" else "table-unusual"
        yield Oddity(flag=flag, sentence=f"{relation.says or f'`{relation.holds}` does not hold'}{where}.")
    elif violated(parsed, lambda named, column: value(named, column, cut=False), relation.within):
        yield Oddity(flag="", sentence=f"`{relation.holds}` holds{where} if digits were cut off, not rounded.")


def _tables_differ(table: OwnTable, parameters: TableParameters) -> Iterator[Oddity]:
    for key, others in table.others.items():
        cell = table.cells[key]
        other = next((one for one in others if not agree(cell, one)), None)
        if other is not None:
            yield Oddity(
                flag="table-differs",
                sentence=f"{parameters.words(*key)} is {cell.text} in {cell.place} and {other.text} in {other.place}.",
            )
            return


def _patterns(table: OwnTable, parameters: TableParameters) -> Iterator[Oddity]:
    """Two rows that agree in all their numbers, or differ by the same amount or factor in all of them."""
    for one, other in combinations(parameters.rows, 2):
        pairs = [
            (table.cells[one, column], table.cells[other, column])
            for column in parameters.columns
            if (one, column) in table.cells and (other, column) in table.cells
        ]
        if len(pairs) > 1 and all(first.shown.value == second.shown.value for first, second in pairs):
            yield Oddity(flag="table-repeated-rows", sentence=f"The rows {one} and {other} hold the same numbers.")
        elif len(pairs) >= _FEWEST_IN_PATTERN and _shifted(pairs):
            yield Oddity(
                flag="table-shifted-rows",
                sentence=f"The rows {one} and {other} differ by the same amount in every column.",
            )


def _shifted(pairs: list[tuple[Cell, Cell]]) -> bool:
    differences = {first.shown.value - second.shown.value for first, second in pairs}
    digits = min(cell.shown.unit for pair in pairs for cell in pair)
    return len(differences) == 1 and digits < 1 and not math.isclose(float(next(iter(differences))), 0)


_RULES: tuple[Callable[[OwnTable, TableParameters], Iterator[Oddity]], ...] = (
    _impossible,
    _unusual,
    _relations,
    _tables_differ,
    _patterns,
)


def without_given(table: OwnTable, given: OwnTable) -> OwnTable:
    """The table without cells that the template has already."""
    same: set[Key] = {
        key for key, cell in table.cells.items() if key in given.cells and cell.shown == given.cells[key].shown
    }
    table.cells = {key: cell for key, cell in table.cells.items() if key not in same}
    return table
