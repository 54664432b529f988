"""The coursework's own test: hand in what we know the worth of, twice, and look at what it earns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader import pipeline
from grader.pipeline import GradeRequest, Observer
from grader.pipeline.course import Course
from grader.records import RunMarks
from grader.scratch import scratch_folder
from grader.workshop.expectations import Expectation, differences, findings_of, findings_within
from grader.workshop.findings import CheckFinding
from grader.workshop.planting import trials_of

SEEDS = ("check", "check-again")
"""What is true of a hand-in may not depend on the numbers that it was tried with."""


def check(
    folder: Path,
    observer: Observer,
    *,
    only: str = "",
    read_only: bool = False,
    concurrency: int = 1,
    unsafe_no_sandbox: bool = False,
) -> list[CheckFinding]:
    """Findings about a coursework.

    The model solution gets all automatic marks and the blank student version none; every mutant loses marks where its
    mistake is planted, is named there, and loses nothing elsewhere; every alternative gets full marks; and all of that
    twice, with different seeds, with the same outcome.

    Args:
        folder: the coursework.
        observer: is told how it goes on.
        only: mutants and alternatives with this text in their heading; all if it is empty.
        read_only: True to start no kernel: only the questions whose answers are read are looked at, once, with the
            mutants and alternatives that change nothing else.
        concurrency: hand-ins at a time.
        unsafe_no_sandbox: True to run without isolation; the hand-ins are the coursework's own.

    Raises:
        RubricError: if the rubric, its solution, or a mutant cannot be used.
        SandboxUnavailableError: if this host cannot isolate.
    """
    course = Course.load(folder)
    trials = trials_of(course.rubric, course.oracle, only=only)
    with scratch_folder("check") as temporary:
        hand_ins = temporary / "hand-ins"
        hand_ins.mkdir()
        for trial in trials:
            (hand_ins / trial.expectation.submission).write_bytes(trial.notebook)
        if read_only:
            observer.stage("reading the hand-ins")
            marks, questions = pipeline.grade_what_is_read(course, hand_ins)
            return findings_within([trial.expectation for trial in trials], marks, questions)
        runs = [
            pipeline.grade(
                GradeRequest(
                    rubric=course.rubric.folder,
                    source=hand_ins,
                    out=temporary / seed,
                    seed=seed,
                    concurrency=concurrency,
                    unsafe_no_sandbox=unsafe_no_sandbox,
                ),
                observer,
            )
            for seed in SEEDS
        ]
    return compare_runs([trial.expectation for trial in trials], runs)


def compare_runs(expectations: Sequence[Expectation], runs: Sequence[RunMarks]) -> list[CheckFinding]:
    """What runs over the same hand-ins say, hand-in by hand-in: the first about marks, the others about chance."""
    found = findings_of(expectations, runs[0])
    for other in runs[1:]:
        found += differences(expectations, runs[0], other)
    order = {(item.name, item.where): number for number, item in enumerate(expectations)}
    return sorted(found, key=lambda finding: order[finding.hand_in, finding.at])
