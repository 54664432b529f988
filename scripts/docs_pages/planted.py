"""docs/planted.md: the mistakes that each coursework plants in its own model solution."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from grader.oracle import Oracle
from grader.rubric import load_rubric
from grader.score.planning import load_oracle
from grader.workshop.planting import planted_of
from grader.workshop.tables import planted_table

RUBRICS = Path(__file__).resolve().parents[2] / "rubrics"


def planted_page() -> str:
    """A table for every coursework that plants mistakes or writes right answers otherwise."""
    lines = [
        "# What the courseworks test themselves with",
        "",
        "Made by `scripts/make_docs.py` from the folders `mutants` and `alternatives` of each coursework, all of which",
        "`grader check` hands in: a mutant must be caught, named, and lose nothing elsewhere; an alternative must earn",
        "full marks.",
    ]
    for folder in sorted(path.parent for path in RUBRICS.glob("*/rubric.yaml")):
        rubric = load_rubric(folder)
        oracle = load_oracle(rubric)
        planted = planted_of(rubric, oracle)
        if planted:
            lines += ["", f"## {rubric.title} (`{rubric.name}`)", "", planted_table(planted, _titles(oracle)).strip()]
    return "\n".join([*lines, ""])


def _titles(oracle: Oracle | None) -> Callable[[str], str]:
    return (lambda name: oracle.describe(name).title) if oracle is not None else (lambda name: name)
