"""What a training run printed -> rows, cut where a run begins again."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST_ROWS = 10_000
LINE_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a log."""

    iteration: float
    values: Mapping[str, float]
    """Column -> number; NaN and infinities as printed."""
    texts: Mapping[str, str]
    """The same, as printed."""


Log = tuple[Row, ...]
"""The rows of one run; never empty."""


def logs_of(outputs: Iterable[Sequence[str]], pattern: str, iteration: str, columns: Sequence[str]) -> list[Log]:
    """The logs in a notebook's outputs.

    A new one begins with each cell, and where the iterations go back to where the log began or below: that is another
    run. Lines that do not match, or in which a column holds no number, are passed over.

    Args:
        outputs: the texts that each cell printed.
        pattern: regular expression of a line, with a group for each column.
        iteration: the column that counts.
        columns: all others that hold numbers.
    """
    compiled = re.compile(pattern)
    logs: list[list[Row]] = []
    count = 0
    for texts in outputs:
        current: list[Row] = []
        for line in (line for text in texts for line in text.splitlines()):
            row = _row(compiled.search(line[:LINE_CHARS]), iteration, columns)
            if row is None or count >= MOST_ROWS:
                continue
            if not current or row.iteration <= current[0].iteration:
                current = []
                logs.append(current)
            current.append(row)
            count += 1
    return [tuple(log) for log in logs]


def _row(match: re.Match[str] | None, iteration: str, columns: Sequence[str]) -> Row | None:
    if match is None:
        return None
    groups = match.groupdict()
    try:
        texts = {name: groups[name] for name in (iteration, *columns)}
        numbers = {name: float(text) for name, text in texts.items()}
    except (KeyError, TypeError, ValueError):
        return None
    return Row(iteration=numbers[iteration], values=numbers, texts=texts) if math.isfinite(numbers[iteration]) else None
