"""Our own side: `grader grade` as anybody calls it, and what can be read from the run that it leaves."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from peers.meter import Command, MeasuringError

from grader import execute
from grader.store import RunStore

SEED = "benchmark"
_HERE = Path(__file__).resolve()
_CHECKOUT = _HERE.parents[2]
_GRADED, _NEEDS_REVIEW = 0, 1


@dataclass(frozen=True, slots=True)
class Ours:
    """Grades a folder of notebooks into a run folder."""

    rubric: Path
    level: str | None = None
    """Of isolation; None for the strongest of this host."""
    jobs: int = 2

    name = "coursework-grader"

    def command(self, hand_ins: Path, run: Path) -> Command:
        """The command line; with a level it goes through this module, which fixes the level and nothing else."""
        program = ["-m", "grader"] if self.level is None else ["-m", "peers.ours", self.level]
        where = ["grade", str(self.rubric), str(hand_ins), "--out", str(run)]
        return Command(
            argv=[sys.executable, *program, *where, "--seed", SEED, "--jobs", str(self.jobs), "--quiet"],
            folder=_CHECKOUT,
            accepts=(_GRADED, _NEEDS_REVIEW),
            variables={"PYTHONPATH": f"{_CHECKOUT}:{_HERE.parents[1]}"},
        )


def lost(run: Path) -> dict[str, float]:
    """The marks that each hand-in has lost, by key; what waits for a person is not lost.

    Raises:
        MeasuringError: if there is none, or one of which no evidence could be taken.
    """
    if not (run / "run.sqlite").is_file():
        raise MeasuringError("the grader has left no run folder: what it said stands above")
    store = RunStore(run)
    for key, reason in store.faults().items():
        raise MeasuringError(f"no evidence of {key}: {reason.what}")
    return {Path(row.submission).stem: float(row.max - row.total - row.open) for row in store.marks().submissions}


def levels(run: Path) -> list[str]:
    """Levels of isolation at which the evidence was taken."""
    return RunStore(run).levels()


def kernels(run: Path) -> int:
    """How many kernels were used."""
    records = (run / "evidence").glob("*/*.json")
    return sum(json.loads(path.read_bytes()).get("kernels", 0) for path in records if path.name != "notebook.json")


def use_level(level: str) -> None:
    """Have every batch of this process run its kernels at one level."""
    execute.execute_batch = functools.partial(execute.execute_batch, level=level)  # type: ignore[assignment]


def main(arguments: Sequence[str]) -> None:
    """`python -m peers.ours LEVEL ...`: the command line of the grader, with kernels at one level only."""
    from grader.cli import main as command_line

    level, *rest = arguments
    use_level(level)
    sys.argv = ["grader", *rest]
    command_line()


if __name__ == "__main__":
    main(sys.argv[1:])
