"""Which formulas of a family give the same values, and which are listed as doing so."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from torch import Tensor

from reference.mistakes import collisions

Pair = frozenset[str]


def same_pairs(values: Mapping[str, Tensor], tolerance: float = 1e-9) -> set[Pair]:
    """The pairs of names whose values agree."""
    return {
        frozenset(pair)
        for pair in itertools.combinations(values, 2)
        if values[pair[0]].shape == values[pair[1]].shape
        and float((values[pair[0]] - values[pair[1]]).abs().max()) <= tolerance
    }


def listed_pairs(family: str, case: str) -> set[Pair]:
    """The pairs that the catalogue lists for a case, and those that are the same in every case."""
    return {
        frozenset(pair)
        for collision in collisions()
        if collision.case in (case, "always") and collision.same[0].startswith(f"{family}.")
        for pair in itertools.combinations(collision.same, 2)
    }


def listed_cases(family: str) -> set[str]:
    """The cases of a family that the catalogue lists, apart from "always"."""
    return {found.case for found in collisions() if found.same[0].startswith(f"{family}.")} - {"always"}
