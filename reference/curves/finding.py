"""What a rule says about rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Number: TypeAlias = int | float
Row: TypeAlias = Mapping[str, Number]
"""One row: name of a column -> number. A column that a row does not have is absent, not None."""
Band: TypeAlias = tuple[Number, Number]
"""Lowest and highest value that is plausible, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not fit; a person decides what it means."""

    code: str
    """Kebab-case; never renamed, never reused."""
    sentence: str
    """For a person who has the rows in front of them."""
    rows: tuple[int, ...] = ()
    """Places of the rows concerned, from 0; empty where the finding is about all of them."""


def column(rows: Sequence[Row], name: str) -> Iterator[tuple[int, Number]]:
    """(place, value) of the rows that have a column."""
    for place, row in enumerate(rows):
        if name in row:
            yield place, row[name]


def listed(values: Iterable[Number], most: int = 5) -> str:
    """Numbers as a person reads them, the rest counted."""
    shown = [f"{value:g}" for value in values]
    rest = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + rest


def outside(value: Number, band: Band) -> bool:
    """True if a value is not in a band; what is not a number is in none."""
    return not band[0] <= value <= band[1]
