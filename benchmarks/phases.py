"""Where the CPU time of grading goes, phase by phase, beside what was planned for each.

    python benchmarks/phases.py [--size 60] [--submissions FOLDER --rubric FOLDER] [--level L] [--jobs 2]
    python benchmarks/phases.py --run RUN           scoring and pages of a finished run, which is left as it is

The first grades hand-ins through the pipeline in this process, in a control group of its own, and reads the group's
CPU time where the pipeline says that another stage begins. So every phase has all that it caused: kernels, workers,
templates. What cells and probes cost by themselves is measured after that, by the floor of `compare.py` on the same
evidence; the rest of execution is what the kernels cost around them. Root is needed for the control group.

What a run pays once (a template, the parent of the workers) weighs less the more hand-ins there are. So two of the
generated ones are graded first, and what each further one has cost, over those two, has a column of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
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
_FEW = 2
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

    def note(self, sentence: str) -> None:
        print(sentence, file=sys.stderr)

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


def further(all_of_them: Mapping[str, float], few: Mapping[str, float]) -> dict[str, float]:
    """CPU seconds of what the larger of two runs has graded more than the smaller."""
    return {name: seconds - few.get(name, 0.0) for name, seconds in all_of_them.items()}


def table(found: Mapping[str, float], more: Mapping[str, float] | None = None) -> str:
    """A row for each phase, and their sum.

    Args:
        found: milliseconds a submission, with all that the run has paid once.
        more: the same of each further submission; None if that was not measured.
    """
    planned = {name: PLANNED_MS[name] for name in found if name in PLANNED_MS}
    rows = [_row(name, found, more, planned.get(name)) for name in found]
    sums = {"in all": sum(found.values())}
    rows.append(_row("in all", sums, None if more is None else {"in all": sum(more.values())}, sum(planned.values())))
    return markdown(("CPU ms a submission", "measured", "each further one", "planned"), rows)


def _row(name: str, found: Mapping[str, float], more: Mapping[str, float] | None, planned: float | None) -> list[str]:
    figures = (found[name], None if more is None else more[name], planned)
    return [name, *("–" if figure is None else f"{figure:.0f}" for figure in figures)]


def measure_all(options: argparse.Namespace, scratch: Path) -> tuple[str, list[str]]:
    """The table of a fresh run, and sentences about it."""
    course = Course.load(options.rubric)
    source, few = options.submissions, None
    if source is None:
        source = scratch / "handed-in"
        write_cohort(cohort(course.rubric, options.size, training=False), source)
        write_cohort(cohort(course.rubric, _FEW, training=False), scratch / "few")
        few = graded(options.rubric, scratch / "few", scratch / "run-of-few", options.jobs)
    run = scratch / "run"
    spent = graded(options.rubric, source, run, options.jobs)
    size = handed_in(run)
    work = scratch / "floor"
    work.mkdir()
    measure([floor.write_jobs(run, course, locate(options.rubric).interpreter, options.rubric / "data", work)])
    alone = floor.read_spent(work)
    work_s = alone.cells_s + alone.probes_s + alone.training_s
    more = None
    if few is not None and size > _FEW:
        more = budget(further(spent, few), work_s * (size - _FEW) / size, size - _FEW)
    own = 1000 * spent["in the grader's own process"] / size
    said = f"{size} submissions, level {', '.join(levels(run))}; {own:.0f} ms in the grader's own process."
    return table(budget(spent, work_s, size), more), [said]


def handed_in(run: Path) -> int:
    """How many submissions of a run have a notebook."""
    return sum(submission.notebook is not None for submission in RunStore(run).submissions())


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table."""
    options = _options(arguments)
    if options.level is not None:
        use_level(options.level)
    with tempfile.TemporaryDirectory(prefix="grader-benchmark-", dir=options.scratch) as scratch:
        if options.run is None:
            shown, sentences = measure_all(options, Path(scratch))
        else:
            size = handed_in(options.run)
            shown = table(budget(marked_again(options.run, Path(scratch, "again"), options.jobs), 0.0, size))
            sentences = [f"{size} submissions of a finished run, marked again."]
    print(shown, *sentences, sep="\n\n")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=60, help="generated hand-ins")
    parser.add_argument("--submissions", type=Path, help="hand-ins of the rubric's, in place of generated ones")
    parser.add_argument("--rubric", type=Path, default=RUBRIC)
    parser.add_argument("--run", type=Path, help="a finished run: only scoring and pages are measured")
    parser.add_argument("--level", help="of isolation; the strongest of this host if left out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scratch", type=Path, help="folder for what is made meanwhile; a temporary one if left out")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
