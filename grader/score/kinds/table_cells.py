"""The asked cells of the tables that a student made, each number with the digits that it was printed with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from grader.score.kinds.printed_numbers import Shown, only_number
from grader.score.kinds.table_grids import Grid, is_number, number_part
from grader.score.kinds.table_names import Names, meant

_HEADINGS = 4
"""Rows from the top, and columns from the left, that may hold headings."""

Key = tuple[str, str]
"""Row and column, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number in a table."""

    shown: Shown
    text: str
    place: str

    @property
    def value(self) -> float:
        return float(self.shown.value)


@dataclass(slots=True, kw_only=True)
class OwnTable:
    """What was found of the asked table."""

    cells: dict[Key, Cell] = field(default_factory=dict)
    others: dict[Key, list[Cell]] = field(default_factory=dict)
    """Further numbers for cells that were found before, in other tables."""
    strangers: list[str] = field(default_factory=list)
    """Headings of rows or columns with numbers that mean nothing asked."""
    endless: list[Key] = field(default_factory=list)
    """Cells that hold an infinity."""


def read_table(grids: Iterable[Grid], rows: Names, columns: Names) -> OwnTable:
    """The asked cells, from all tables; of a cell that stands in several the table with most cells counts."""
    readings = [_Reading(grid, rows, columns) for grid in grids]
    found = OwnTable()
    for reading in sorted(readings, key=lambda one: -len(one.cells)):
        for key, text in reading.cells.items():
            cell = _cell(text, reading.grid.place)
            if cell is None:
                found.endless.extend([key] if key not in found.endless else [])
            elif key in found.cells:
                found.others.setdefault(key, []).append(cell)
            else:
                found.cells[key] = cell
        if reading.cells:
            found.strangers += [name for name in reading.strangers if name not in found.strangers]
    return found


def _cell(text: str, place: str) -> Cell | None:
    number = only_number(number_part(text))
    return Cell(shown=number.first, text=text, place=place) if number is not None else None


def _holds_value(text: str) -> bool:
    return is_number(text) or text.strip(" +-−").casefold() in ("inf", "infinity", "∞", "\\infty")


class _Reading:
    """One grid, read in the way that finds most of the asked cells."""

    def __init__(self, grid: Grid, rows: Names, columns: Names) -> None:
        self.grid = grid
        self.cells: dict[Key, str] = {}
        self.strangers: list[str] = []
        turned = _turned(grid.rows)
        for table, flipped in ((grid.rows, False), (turned, True)):
            for heading in range(min(_HEADINGS, len(table))):
                cells, strangers = _read(table, heading, rows, columns)
                if len(cells) > len(self.cells):
                    self.cells, self.strangers = cells, strangers
            if flipped is False and len(self.cells) == len(rows) * len(columns):
                break


def _read(
    table: Sequence[Sequence[str]], heading: int, rows: Names, columns: Names
) -> tuple[dict[Key, str], list[str]]:
    """The cells below a row of headings, and the headings that were not asked for."""
    top = table[heading]
    cells: dict[Key, str] = {}
    strangers: list[str] = []
    labels = {place: meant(text, columns) for place, text in enumerate(top) if text and not is_number(text)}
    if not any(labels.values()):
        return {}, []
    for line in table[heading + 1 :]:
        shift = _shift(top, line)
        label = _label(line, labels, shift)
        row = meant(label, rows) if label else (next(iter(rows)) if len(rows) == 1 else None)
        values = {place: line[place + shift] for place in labels if place + shift < len(line)}
        if row is None and any(map(_holds_value, values.values())):
            strangers.append(label or "(no name)")
        for place, text in values.items():
            column = labels[place]
            if not _holds_value(text):
                continue
            if column is None and row is not None and top[place] not in strangers:
                strangers.append(top[place])
            if row is not None and column is not None:
                cells.setdefault((row, column), text)
    return cells, strangers


def _shift(top: Sequence[str], line: Sequence[str]) -> int:
    """1 where the row of headings has no heading for the names of the rows, as in what pandas prints."""
    return 1 if len(line) == len(top) + 1 and not is_number(line[0]) else 0


def _label(line: Sequence[str], labels: dict[int, str | None], shift: int) -> str:
    """What a row is called: its cells that are no numbers, in columns that were not asked for."""
    asked = {place + shift for place, name in labels.items() if name is not None}
    return " ".join(text for place, text in enumerate(line) if place not in asked and not is_number(text)).strip()


def _turned(table: Sequence[Sequence[str]]) -> list[list[str]]:
    width = max((len(row) for row in table), default=0)
    return [[row[place] if place < len(row) else "" for row in table] for place in range(width)]


def agree(one: Cell, other: Cell) -> bool:
    """True if two printed numbers can be roundings of one number."""
    (low, high), (least, most) = one.shown.interval(cut=True), other.shown.interval(cut=True)
    return low <= most and least <= high
