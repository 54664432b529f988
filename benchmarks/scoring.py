"""What scoring costs: CPU seconds a submission in a cohort of 100, the start of the workers included.

    python benchmarks/scoring.py RUN [--rubric FOLDER] [--cohort 100]

RUN is a finished run of the coursework's samples. Its evidence is copied under other keys into a temporary folder, so
that nobody's evidence is changed, and scored through `score_evidence`. Seconds are user plus system time of this
process and its children; wall-clock time, which says nothing on a busy machine, is not looked at.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import shutil
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.rubric import Rubric, load_rubric
from grader.score import ScoreItem, score_evidence
from grader.score.case import Coursework
from grader.score.session import Scorer, open_session
from grader.score.worker_limits import settle, tidy, warm_up

RIGHT = "-right-"
"""In the keys of samples in which everything is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU milliseconds a submission."""

    whole: float
    """All that `score_evidence` costs, divided by the submissions."""
    start: float
    """The same for one submission alone, less what that one costs inside: the start, divided by the submissions."""
    inside: float
    """The median of what a submission costs inside a worker that has scored some."""


def cpu_s() -> float:
    """User and system time of this process and of its ended children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def own_cpu_s() -> float:
    """The same of this process alone."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def cohort(folders: list[Path], size: int, scratch: Path) -> list[ScoreItem]:
    """So many submissions with the evidence of these, in turn, each under a key of its own."""
    items = []
    for number, folder in zip(range(size), itertools.cycle(folders), strict=False):
        key = f"c{number:04d}"
        shutil.copytree(folder, scratch / key)
        items.append(ScoreItem(key=key, folder=scratch / key))
    return items


def cost_of(folders: list[Path], size: int, rubric: Rubric, seed: str) -> Cost:
    """What it costs to score a cohort made from these folders."""
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-") as scratch:
        items = cohort(folders, size, Path(scratch))
        before = cpu_s()
        found = score_evidence(items, rubric, seed=seed)
        whole = cpu_s() - before
        faults = [key for key, one in found.items() if one.fault_log]
        if faults:
            raise SystemExit(f"{len(faults)} submissions have faults, the first is {faults[0]}")
        before = cpu_s()
        score_evidence(items[:1], rubric, seed=seed)
        alone = cpu_s() - before
        seconds = inside(items, rubric, seed)
    start = alone - seconds[0]
    return Cost(
        whole=1000 * whole / size, start=1000 * start / size, inside=1000 * statistics.median(seconds[len(folders) :])
    )


def inside(items: list[ScoreItem], rubric: Rubric, seed: str) -> list[float]:
    """CPU seconds of each submission, scored in this process as a worker does."""
    seconds: list[float] = []

    def work(score: Scorer) -> None:
        warm_up()
        settle()
        for item in items:
            before = own_cpu_s()
            tidy()
            score(item).model_dump_json()
            seconds.append(own_cpu_s() - before)

    open_session(Coursework.load(rubric), seed=seed, work=work)
    return seconds


def main() -> None:
    """Print a line for right submissions and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rubric", type=Path, default=Path("rubrics/imperial_cw3"))
    parser.add_argument("--cohort", type=int, default=100)
    arguments = parser.parse_args()
    rubric = load_rubric(arguments.rubric)
    folders = sorted(path.parent for path in (arguments.run / "evidence").glob("*/student.json"))
    seed = json.loads((folders[0] / "student.json").read_bytes())["seed"]
    print(f"{'CPU ms a submission':24s} {'whole':>8s} {'of it start':>12s} {'median inside':>14s}")
    for title, chosen in (
        ("right", [folder for folder in folders if RIGHT in folder.name]),
        ("all samples", folders),
    ):
        cost = cost_of(chosen, arguments.cohort, rubric, seed)
        print(f"{arguments.cohort} {title:20s} {cost.whole:8.1f} {cost.start:12.1f} {cost.inside:14.1f}")


if __name__ == "__main__":
    main()
