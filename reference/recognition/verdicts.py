"""What is said about a cell or a model: the oracle's answers to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from reference.recognition.layout import CellLayout

Status = Literal["exact", "equivalent", "mistake", "ambiguous", "unnamed", "unrecognised", "blocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellVerdict:
    """What a cell computes."""

    status: Status
    mistakes: tuple[str, ...] = ()
    convention: str = ""
    """In which of several accepted ways the cell is written; empty for the plain one."""
    notes: tuple[str, ...] = ()
    formula: str | None = None
    """Identifier of the step formula that reproduces the cell, right or wrong."""
    layout: CellLayout | None = None
    nearest: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVerdict:
    """What a model does with its cells."""

    status: Status
    mistakes: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    by: Literal["replay", "data flow"] = "replay"
    as_made: bool = False
    """True if the loop is right over the cells that the model holds, of which some are missing, shared or too many: the
    fault is that of the constructor. `mistakes` has its name, if there is one."""
    notes: tuple[str, ...] = ()


def rounded(distance: float) -> float:
    """A distance to two significant digits; what is within rounding of equal counts as 0."""
    return 0.0 if distance < 1e-12 else float(f"{distance:.1e}")


def nearest(distances: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """The five formulas that come closest."""
    closest = sorted(distances.items(), key=lambda item: (rounded(item[1]), item[0]))[:5]
    return tuple((name, rounded(distance)) for name, distance in closest if distance < float("inf"))
