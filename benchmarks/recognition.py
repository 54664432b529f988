"""How long it takes to judge a cell: median and worst CPU time by family and kind of verdict, over the grid of layouts.

    python benchmarks/recognition.py            every layout once (some minutes)
    python benchmarks/recognition.py --quick    every formula in four layouts

Time of the processor, one thread, after one warm-up a formula; the clock on the wall is not looked at.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from helpers.observations import grid, make_cell, observe_cell

from reference.mistakes import cell_mistakes
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

QUICK = ("fused", "separate", "hx", "raw")
ELSEWHERE = {
    "rnn_tanh": ("rnn.correct_relu", "rnn.tanh_for_relu"),
    "rnn_relu": ("rnn.correct_tanh", "rnn.relu_for_tanh"),
}
"""Formulas that are those of the other family."""


def kind_of(verdict: CellVerdict) -> str:
    """The kind of a verdict, as a row of the table."""
    return {"exact": "right", "equivalent": "right", "mistake": "named"}.get(verdict.status, verdict.status)


def measure(family: str, *, layouts: Sequence[str] | None = None) -> Iterator[tuple[str, str, float]]:
    """(kind of verdict, formula and layout, CPU milliseconds) of every formula of a family in every layout."""
    for entry in cell_mistakes(FAMILIES[family].prefix):
        formula = entry.mistake.id
        if formula in ELSEWHERE.get(family, ()):
            continue
        for place, (layout, order) in enumerate(grid(family)):
            if layouts is not None and (layout not in layouts or order is not None):
                continue
            seen = observe_cell(make_cell(family, formula, layout, order=order), family)
            if place == 0:
                ORACLE.recognise_cell(family, seen, {})
            began = time.process_time()
            verdict = ORACLE.recognise_cell(family, seen, {})
            spent = (time.process_time() - began) * 1e3
            yield kind_of(verdict), f"{formula} {order or layout}", spent


def table(*, quick: bool = False) -> list[tuple[str, str, int, float, float, str]]:
    """Rows of family, kind of verdict, cells, median and worst CPU milliseconds, and which was worst."""
    rows = []
    for family in FAMILIES:
        by_kind: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for kind, where, spent in measure(family, layouts=QUICK if quick else None):
            by_kind[kind].append((spent, where))
        for kind, found in sorted(by_kind.items()):
            worst, where = max(found)
            rows.append((family, kind, len(found), statistics.median(spent for spent, _ in found), worst, where))
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="CPU time of the recognition of cells")
    parser.add_argument("--quick", action="store_true", help="every formula in four layouts")
    torch.set_num_threads(1)
    print(f"{'family':<10}{'verdict':<14}{'cells':>6}{'median ms':>11}{'worst ms':>10}  worst case")
    for family, kind, cells, median, worst, where in table(quick=parser.parse_args(arguments).quick):
        print(f"{family:<10}{kind:<14}{cells:>6}{median:>11.1f}{worst:>10.1f}  {where}")


if __name__ == "__main__":
    main()
