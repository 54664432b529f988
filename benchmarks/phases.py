"""Where the CPU time of grading goes, phase by phase, beside what was planned for each.

    python benchmarks/phases.py [--size 60] [--submissions FOLDER --rubric FOLDER] [--level L] [--jobs 2] [--json FILE]
    python benchmarks/phases.py --run RUN           scoring and pages of a finished run, which is left as it is

The first grades hand-ins through the pipeline in this process, in a control group of its own, and reads the group's
CPU time where the pipeline says that another stage begins. So every phase has all that it caused: kernels, workers,
templates. What cells and probes cost by themselves is measured after that, by the floor of `compare.py` on the same
evidence; the rest of execution is what the kernels cost around them. Root is needed for the control group.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compare import RUBRIC
from peers import floor
from peers.cohort import cohort, write_cohort
from peers.meter import Group, make_group, measure
from peers.ours import SEED, levels, use_level
from peers.table import markdown

from grader import pipeline
from grader.execute import locate
from grader.pipeline.course import Course
from grader.records import Reason, Submission
from grader.store import RunStore

PLANNED_MS: Mapping[str, float] = {"kernel": 130, "cells and probes": 80, "scoring": 60, "page and store": 30}
"""CPU milliseconds a submission without training."""
READING, EXECUTION, SCORING, PAGES = "reading and planning", "execution", "scoring", "pages"
_STAGES: Mapping[str, str] = {"reading": READING, "scoring": SCORING, "writing": PAGES}
"""First word of what an observer is told -> phase."""


@dataclass(slots=True)
class Ledger:
    """CPU seconds by phase; an observer of the pipeline, which tells when a phase begins."""

    clock: Callable[[], float]
    spent: dict[str, float] = field(default_factory=dict)
    _phase: str = ""
    _since: float = 0.0

    def begin(self, total: int, already_done: int) -> None:
        self.enter(EXECUTION)

    def finished(self, submission: Submission, problem: Reason | None) -> None:
        if problem is not None:
            raise SystemExit(f"no evidence of {submission.key}: {problem.what}")

    def stage(self, sentence: str) -> None:
        self.enter(_STAGES.get(sentence.split()[0], sentence))

    def enter(self, phase: str) -> None:
        """End the phase that runs and begin another; an empty name only ends."""
        now = self.clock()
        if self._phase:
            self.spent[self._phase] = self.spent.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now


@contextmanager
def own_group() -> Iterator[Group]:
    """This process in a control group of its own, which it leaves again.

    Raises:
        SystemExit: if none can be made.
    """
    group = make_group()
    if group is None:
        raise SystemExit("no control group can be made here, so the CPU time of kernels cannot be told: run it as root")
    _move_to(group.folder)
    try:
        yield group
    finally:
        _move_to(group.folder.parent)
        group.settle()
        group.close()


def _move_to(folder: Path) -> None:
    (folder / "cgroup.procs").write_text(str(os.getpid()))


@contextmanager
def storing_timed(spent: list[float]) -> Iterator[None]:
    """Note the CPU seconds of each part of the evidence that is stored meanwhile."""
    put_part = RunStore.put_part

    def timed(*arguments: Any, **keywords: Any) -> None:
        began = time.thread_time()
        put_part(*arguments, **keywords)
        spent.append(time.thread_time() - began)

    RunStore.put_part = timed  # type: ignore[method-assign]  # put back below
    try:
        yield
    finally:
        RunStore.put_part = put_part  # type: ignore[method-assign]


def graded(rubric: Path, source: Path, run: Path, jobs: int) -> dict[str, float]:
    """CPU seconds of each phase of grading these hand-ins."""
    stored: list[float] = []
    with own_group() as group, storing_timed(stored):
        ledger = Ledger(group.cpu_s)
        own = time.process_time()
        pipeline.grade(
            pipeline.GradeRequest(rubric=rubric, source=source, out=run, seed=SEED, concurrency=jobs), ledger
        )
        ledger.enter("")
        own = time.process_time() - own
    return {**ledger.spent, "storing": sum(stored), "in the grader's own process": own}


def marked_again(run: Path, out: Path, jobs: int) -> dict[str, float]:
    """CPU seconds of scoring a finished run and of its pages."""
    with own_group() as group:
        ledger = Ledger(group.cpu_s)
        pipeline.score_run(run, ledger, out=out, workers=jobs)
        ledger.enter("")
    return ledger.spent


def budget(spent: Mapping[str, float], work_s: float, size: int) -> dict[str, float]:
    """CPU milliseconds a submission by the names of the plan, and of what is not in it.

    Args:
        spent: what `graded` or `marked_again` has found, in seconds.
        work_s: CPU seconds of all cells and probes by themselves.
        size: submissions.
    """
    storing = spent.get("storing", 0.0)
    found = {"scoring": spent[SCORING], "page and store": spent[PAGES] + storing}
    if EXECUTION in spent:
        kernel = spent[EXECUTION] - storing - work_s
        found = {READING: spent[READING], "kernel": kernel, "cells and probes": work_s, **found}
    return {name: 1000 * seconds / size for name, seconds in found.items()}


def table(found: Mapping[str, float]) -> str:
    """A row for each phase, and their sum."""
    rows = [(name, f"{ms:.0f}", f"{PLANNED_MS[name]:.0f}" if name in PLANNED_MS else "–") for name, ms in found.items()]
    planned = sum(PLANNED_MS[name] for name in found if name in PLANNED_MS)
    rows.append(("in all", f"{sum(found.values()):.0f}", f"{planned:.0f}"))
    return markdown(("CPU ms a submission", "measured", "planned"), rows)


def measure_all(options: argparse.Namespace, scratch: Path) -> tuple[dict[str, float], list[str]]:
    """The budget of a fresh run, and sentences about it."""
    course = Course.load(options.rubric)
    source = options.submissions
    if source is None:
        source = scratch / "handed-in"
        write_cohort(cohort(course.rubric, options.size, training=False), source)
    run = scratch / "run"
    spent = graded(options.rubric, source, run, options.jobs)
    size = sum(submission.notebook is not None for submission in RunStore(run).submissions())
    work = scratch / "floor"
    work.mkdir()
    measure([floor.write_jobs(run, course, locate(options.rubric).interpreter, options.rubric / "data", work)])
    own = 1000 * spent["in the grader's own process"] / size
    sentences = [
        f"{size} submissions, level {', '.join(levels(run))}; {own:.0f} ms in the grader's own process.",
        "Starts that a run pays once (workers, template) are spread over its submissions.",
    ]
    alone = floor.read_spent(work)
    return budget(spent, alone.cells_s + alone.probes_s + alone.training_s, size), sentences


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, and write JSON if asked to."""
    options = _options(arguments)
    if options.level is not None:
        use_level(options.level)
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-") as scratch:
        if options.run is not None:
            size = sum(submission.notebook is not None for submission in RunStore(options.run).submissions())
            found = budget(marked_again(options.run, Path(scratch, "again"), options.jobs), 0.0, size)
            sentences = [f"{size} submissions of a finished run, marked again."]
        else:
            found, sentences = measure_all(options, Path(scratch))
    print(table(found), *sentences, sep="\n\n")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=60, help="generated hand-ins")
    parser.add_argument("--submissions", type=Path, help="hand-ins of the rubric's, in place of generated ones")
    parser.add_argument("--rubric", type=Path, default=RUBRIC)
    parser.add_argument("--run", type=Path, help="a finished run: only scoring and pages are measured")
    parser.add_argument("--level", help="of isolation; the strongest of this host if left out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
