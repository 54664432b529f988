"""Grades a folder of hand-ins at one level of isolation, as the command does; a program of its own.

    python hostile_grade.py LEVEL RUBRIC SOURCE OUT

The command takes the strongest level of the host, and these tests try all of them.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from grader import execute, pipeline
from grader.console import BatchProgress

SEED = "attacks"


def main(level: str, rubric: Path, source: Path, out: Path) -> None:
    execute.execute_batch = partial(execute.execute_batch, level=level)  # type: ignore[assignment]
    request = pipeline.GradeRequest(rubric=rubric, source=source, out=out, seed=SEED, concurrency=2)
    with BatchProgress(quiet=True) as progress:
        pipeline.grade(request, progress)


if __name__ == "__main__":
    main(sys.argv[1], *(Path(argument) for argument in sys.argv[2:]))
