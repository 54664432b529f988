"""What the marks of a run hold in memory, by how many checks nobody else has alike.

    python benchmarks/marks_held.py RUN [--shares 0,0.1,0.3,1] [--size 500]

Generated hand-ins answer alike more often than people do. The rows of a run are repeated up to the size, and a share of
their checks is told apart by a number in the reason. Memory is that of Python's objects (tracemalloc), as read from
their text and as the grader keeps them.
"""

from __future__ import annotations

import argparse
import gc
import random
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

from peers.table import markdown

from grader.records import CheckMark, SubmissionMarks
from grader.shared_marks import SharedMarks
from grader.store import RunStore


def rows(texts: Sequence[str], size: int, share: float) -> Iterator[SubmissionMarks]:
    """So many rows; each check is unlike all others with that probability."""
    dice = random.Random(0)

    def told_apart(check: CheckMark, place: int) -> CheckMark:
        return check.model_copy(update={"reason": f"{check.reason} {place}"}) if dice.random() < share else check

    for place, text in enumerate(islice(cycle(texts), size)):
        row = SubmissionMarks.model_validate_json(text)
        questions = [
            question.model_copy(update={"checks": tuple(told_apart(check, place) for check in question.checks)})
            for question in row.questions
        ]
        told = row.model_copy(update={"questions": tuple(questions), "student": f"{row.student} {place}"})
        yield SubmissionMarks.model_validate_json(told.model_dump_json())


def held_kib(made: Iterator[SubmissionMarks], keep: Callable[[SubmissionMarks], SubmissionMarks]) -> float:
    """KiB that a row holds while all are kept."""
    gc.collect()
    tracemalloc.start()
    try:
        kept = [keep(row) for row in made]
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / len(kept) / 1024
    finally:
        tracemalloc.stop()


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a run that was graded")
    parser.add_argument("--shares", default="0,0.1,0.3,1", help="shares of checks that are unlike all others")
    parser.add_argument("--size", type=int, default=500, help="rows")
    options = parser.parse_args()
    texts = [row.model_dump_json() for row in RunStore(options.run).marks().submissions]
    table = []
    for share in map(float, options.shares.split(",")):
        as_read = held_kib(rows(texts, options.size, share), lambda row: row)
        shared = held_kib(rows(texts, options.size, share), SharedMarks().row)
        table.append((f"{share:.0%}", f"{as_read:.0f}", f"{shared:.1f}"))
    print(markdown(("checks that nobody else has", "KiB a hand-in, as read", "KiB a hand-in, as kept"), table))


if __name__ == "__main__":
    main()
