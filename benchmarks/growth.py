"""How the cost of grading grows with the number of hand-ins: CPU seconds a submission, and the grader's own memory.

    python benchmarks/growth.py [--sizes 30,300,3000] [--jobs 2] [--json FILE]

The hand-ins are those of `compare.py` without training, each with a line of its own. Peak memory is that of the
grader's own process; kernels and scoring workers are not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from compare import RUBRIC
from peers.cohort import cohort, write_cohort
from peers.meter import Reading, measure
from peers.ours import Ours, levels, lost
from peers.table import MIB, markdown

from grader.rubric import load_rubric

_WITHIN_MIB = 50
"""The grader's memory at the end of a large batch is to be within this of that of a small one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size."""

    size: int
    cpu_s: float
    """A submission."""
    per_minute: float
    peak_mib: float
    level: str
    load: float
    """Average load of the machine before."""


def grow(size: int, grader: Ours, scratch: Path) -> Point:
    """Grade a cohort of that size.

    Raises:
        SystemExit: if a hand-in has no marks.
    """
    load = os.getloadavg()[0]
    members = write_cohort(cohort(load_rubric(RUBRIC), size, training=False), scratch / "handed-in")
    run = scratch / "run"
    reading: Reading = measure([grader.command(scratch / "handed-in", run)])
    if len(lost(run)) != len(members):
        raise SystemExit(f"{len(members)} were handed in, {len(lost(run))} have marks")
    return Point(
        size=size,
        cpu_s=reading.cpu_s / size,
        per_minute=60 * size / reading.wall_s,
        peak_mib=reading.peak_rss_bytes / MIB,
        level=", ".join(levels(run)),
        load=load,
    )


def table(points: Sequence[Point]) -> str:
    """A row for each size, and what more the largest takes than the smallest."""
    head = ("hand-ins", "CPU s a submission", "submissions a minute", "peak of the grader, MiB", "level", "load before")
    rows = [
        (
            f"{point.size:,}",
            f"{point.cpu_s:.3f}",
            f"{point.per_minute:.1f}",
            f"{point.peak_mib:.0f}",
            point.level,
            f"{point.load:.1f}",
        )
        for point in points
    ]
    first, last = points[0], points[-1]
    more = last.peak_mib - first.peak_mib
    said = "met" if more <= _WITHIN_MIB else "MISSED"
    times = last.cpu_s / first.cpu_s
    ends = f"From {first.size:,} to {last.size:,}: {times:.2f} times the CPU seconds a submission, {more:+.0f} MiB"
    return f"{markdown(head, rows)}\n\n{ends} (at most {_WITHIN_MIB}: {said})."


def main() -> None:
    """Print a table, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="30,300,3000", help="numbers of hand-ins, in this order")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--level", help="of isolation; the strongest of this host if left out")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--scratch", type=Path, help="folder for what is made meanwhile: 2.5 MB a hand-in")
    options = parser.parse_args()
    points = []
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="grader-benchmark-", dir=options.scratch) as scratch:
            points.append(grow(size, Ours(RUBRIC, options.level, options.jobs), Path(scratch)))
    print(table(points))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(point) for point in points], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
