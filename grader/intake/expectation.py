"""What the coursework's notebook looks like, and how well a notebook fits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.records import CellKind, NotebookRecord

_DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+def|def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]*)?=(?!=)", re.M)
_NAME_WEIGHT = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What tells the coursework's notebook from another one. Everything may be empty."""

    names: frozenset[str] = frozenset()
    """Classes, functions and answer variables that a complete notebook defines."""
    markers: tuple[str, ...] = ()
    """Texts that stand in the student version, such as the marks around a question."""
    cells: tuple[str, ...] = ()
    """Sources of the student version's cells."""
    texts: bool = False
    """True if a text may be handed in in place of a notebook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How much of the coursework a notebook holds."""

    share: float
    """From 0, nothing, to 1, everything."""
    found: int
    """Names and markers found."""
    wanted: int
    """Names and markers looked for."""
    own_chars: int
    """Characters in lines that the student version lacks: code, and answers in words."""


def fit_of(notebook: NotebookRecord, expectation: Expectation) -> Fit:
    """How well the notebook fits; with an empty expectation everything fits."""
    code = [cell.source for cell in notebook.cells if cell.kind is CellKind.CODE]
    everything = [cell.source for cell in notebook.cells]
    defined = {first or second for source in code for first, second in _DEFINITION.findall(source)}
    marked = sum(any(marker in source for source in everything) for marker in expectation.markers)
    found = len(expectation.names & defined) + marked
    wanted = len(expectation.names) + len(expectation.markers)
    given = frozenset(_lines(expectation.cells))
    own_chars = sum(len(line) for line in _lines(everything) if line not in given)
    shares = []
    if wanted:
        shares.append((_NAME_WEIGHT, found / wanted))
    if given:
        present = frozenset(_lines(everything))
        shares.append((1 - _NAME_WEIGHT, len(given & present) / len(given)))
    total = sum(weight for weight, _ in shares)
    share = sum(weight * value for weight, value in shares) / total if shares else 1.0
    return Fit(share=share, found=found, wanted=wanted, own_chars=own_chars)


def _lines(sources: Iterable[str]) -> Iterator[str]:
    """The lines that carry something, without their indentation."""
    stripped = (line.strip() for source in sources for line in source.splitlines())
    return (line for line in stripped if len(line) > 3)
