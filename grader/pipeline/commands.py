"""What each command does; nothing is printed here: progress goes to an observer, facts are returned."""

from __future__ import annotations

import difflib
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path

from grader import execute, intake, score
from grader.coursework import student_version
from grader.errors import ConfigError, RubricError, RunError, UnknownCheckError
from grader.limits import Limits
from grader.pipeline.course import Course, expectation_of, stored_course
from grader.pipeline.current import write_current_views
from grader.pipeline.execution import ExecutionOptions
from grader.pipeline.marking import Scored, execute_and_score, kept_isolations, marks_of, score_stored
from grader.pipeline.page_maker import PageMaker
from grader.pipeline.progress import Observer
from grader.records import Event, RunMarks, Submission, SubmissionMarks
from grader.rubric import load_rubric
from grader.store import RunStore

IGNORE_FILE = ".graderignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRequest:
    """What `grader grade` was asked to do."""

    rubric: Path
    source: Path
    out: Path
    roster: Path | None = None
    seed: str | None = None
    """None: a fresh one for a new run; an existing run keeps its own."""
    concurrency: int = field(default_factory=lambda: os.cpu_count() or 1)
    unsafe_no_sandbox: bool = False

    def options(self) -> ExecutionOptions:
        return ExecutionOptions(concurrency=self.concurrency, unsafe_no_sandbox=self.unsafe_no_sandbox)


def grade(request: GradeRequest, observer: Observer, isolations: execute.Isolations | None = None) -> RunMarks:
    """All four stages; goes on where the run folder stopped.

    Args:
        request: what is graded, and how.
        observer: is told how far it is.
        isolations: with kernels that are expected already; closed here. None for new ones.

    Raises:
        ConfigError: for a wrong call, an unusable rubric, or a run folder of another rubric.
        SandboxUnavailableError: if this host cannot isolate.
    """
    options = request.options()
    with ExitStack() as after:
        isolations = after.enter_context(kept_isolations(isolations))
        course = Course.load(request.rubric)
        if not _exists(request.out):  # all of it has to be run
            template = student_version(course.rubric).notebook
            isolations.expect(course.rubric, template, unsafe=options.unsafe_no_sandbox)
        pages = after.enter_context(PageMaker(course))
        observer.stage("reading the hand-ins")
        submissions = _take_in(request, course, observer)
        first = next(submissions, None)
        if first is None:
            raise ConfigError(
                "source-empty",
                f"there is nothing to grade in {request.source}",
                next_step="give a folder with zips, notebooks or scripts, or one of these",
            )
        store = _open_or_create(request, course)
        with store.locked():
            store.put_submissions(chain([first], submissions))  # a long batch holds none: it reads them back one by one
            scored, _ = execute_and_score(store, course, observer, options, isolations)
            return _report(store, course, observer, scored, pages)


def execute_missing(run: Path, observer: Observer, *, options: ExecutionOptions, rubric: Path | None = None) -> int:
    """Take the evidence that the rubric asks for now and that is not there; returns how many hand-ins were run.

    Raises:
        RunError: if the folder is no run.
        RubricError: if its rubric cannot be found any more.
    """
    store = RunStore(run)
    course = Course.load(rubric or Path(store.meta("rubric_path") or ""))
    with store.locked(), kept_isolations() as isolations:
        store.set_meta({"asked": course.asked_digest(), "rubric_path": str(course.rubric.folder)})
        store.replace_files(course.files())
        _, count = execute_and_score(store, course, observer, options, isolations)
        return count


def score_run(
    run: Path, observer: Observer, *, rubric: Path | None = None, out: Path | None = None, workers: int
) -> RunMarks:
    """Mark a run again from its evidence; no kernel is started.

    Args:
        run: the run folder.
        rubric: another rubric than the one stored with the run.
        out: a new run folder, which shares the evidence; None marks in place.
    """
    store = RunStore(run)
    if out is not None:
        store = RunStore.derive(store, out)
    with store.locked():
        if rubric is not None:
            course = Course.load(rubric)
            store.replace_files(course.files())
            return _score_and_report(store, course, observer, workers)
        with stored_course(store) as course:
            return _score_and_report(store, course, observer, workers)


def report_run(run: Path) -> list[Path]:
    """Write the pages and tables of a run from its marks; returns the files."""
    store = RunStore(run)
    with store.locked(), stored_course(store) as course:
        return write_current_views(store, course)


def override(
    run: Path, student: str, check: str, mark: Decimal, *, why: str, who: str, workers: int = 1
) -> SubmissionMarks:
    """A person's decision about one check, as an event; returns the student's new marks.

    Raises:
        UnknownCheckError: if there is no such student or check, or the mark is out of range.
    """
    store = RunStore(run)
    with store.locked(), stored_course(store) as course:
        marks = store.marks()
        row = row_of(marks, student)
        known = {item.id: item for question in row.questions for item in question.checks}
        if check not in known:
            raise UnknownCheckError(
                "unknown-check",
                f'"{student}" has no check "{check}"',
                next_step=f"the checks are {', '.join(known) or 'none: nothing of this hand-in was marked'}",
            )
        if not 0 <= mark <= known[check].max:
            raise UnknownCheckError(
                "mark-out-of-range", f"{mark} is not between 0 and {known[check].max}", where=f"{student}, {check}"
            )
        if not why.strip():
            raise UnknownCheckError("override-without-reason", "a decision needs a reason", next_step="give --why TEXT")
        event = Event(
            kind="override",
            student=row.student,
            check=check,
            mark=mark,
            why=why,
            who=who,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        store.add_event(event)
        marks = marks_of(store, course, score_stored(store, course, workers))
        store.put_marks(marks)
        write_current_views(store, course)
        return row_of(marks, student)


def explain(run: Path, student: str, question: str) -> list[score.Explanation]:
    """Probe, evidence, verdict and nearest mistakes behind the marks of one question.

    Raises:
        ConfigError: if there is no such student or question.
    """
    store = RunStore(run)
    with stored_course(store) as course:
        try:
            course.rubric.question(question)
        except RubricError as error:  # it names the stored rubric's copy, which is gone when this is read
            raise UnknownCheckError(
                "unknown-question", f'there is no question "{question}"', where=str(run), next_step=error.next_step
            ) from error
        row = row_of(store.marks(), student)
        key = next(
            item.key for item in store.submissions() if item.student == row.student and item.attempt == row.attempt
        )
        return score.explain(store.evidence(key), course.rubric, question, row, course.oracle)


def doctor(rubric: Path | None) -> list[execute.Finding]:
    """What this host can isolate, whether its sandbox holds here and now, and the limits (a rubric's, or the defaults).

    Raises:
        RubricError: if the rubric cannot be loaded.
    """
    limits = (load_rubric(rubric).execution.limits if rubric is not None else Limits()).model_dump()
    limits |= {f"intake.{name}": value for name, value in limits.pop("intake").items()}
    shown = [execute.Finding(name=f"limit/{name}", ok=True, text=f"{value:,}") for name, value in limits.items()]
    return [*execute.report(rubric), *shown]


def _exists(run: Path) -> bool:
    return (run / "run.sqlite").is_file()


def _open_or_create(request: GradeRequest, course: Course) -> RunStore:
    if not _exists(request.out):
        meta = {
            "seed": request.seed or secrets.token_hex(8),
            "asked": course.asked_digest(),
            "rubric": course.rubric.name,
            "rubric_path": str(course.rubric.folder),
        }
        return RunStore.create(request.out, meta, course.files())
    store = RunStore(request.out)
    if store.meta("rubric") != course.rubric.name:
        raise RunError(
            "run-other-rubric",
            f'{request.out} is a run of "{store.meta("rubric")}", not of "{course.rubric.name}"',
            next_step="give another --out",
        )
    if store.meta("asked") != course.asked_digest():
        raise RunError(
            "run-rubric-changed",
            "the rubric asks other things of the kernel than when this run began",
            where=str(request.out),
            next_step=f"`grader execute {request.out} --missing` takes the new evidence, "
            f"`grader score {request.out} --rubric {request.rubric}` marks what is there",
        )
    if request.seed is not None and request.seed != store.meta("seed"):
        raise RunError(
            "run-other-seed", "the run has another seed", where=str(request.out), next_step="leave --seed out"
        )
    store.replace_files(course.files())
    return store


def _take_in(request: GradeRequest, course: Course, observer: Observer) -> Iterator[Submission]:
    roster = None if request.roster is None else intake.load_roster(request.roster)
    return intake.take_in(
        request.source,
        limits=course.rubric.execution.limits.intake,
        expectation=expectation_of(course.rubric, course.plan.subjects),
        roster=roster,
        attempts=course.rubric.attempts,
        ignore=_ignored(request.source),
        note=observer.note,
    )


def _ignored(source: Path) -> frozenset[str]:
    """File names that a folder of hand-ins says are none: one a line in `.graderignore`."""
    path = source / IGNORE_FILE
    if not path.is_file():
        return frozenset()
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(64 * 1024).split("\n")
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _score_and_report(store: RunStore, course: Course, observer: Observer, workers: int) -> RunMarks:
    observer.stage("scoring")
    return _report(store, course, observer, score_stored(store, course, workers))


def _report(
    store: RunStore, course: Course, observer: Observer, scored: Scored, pages: PageMaker | None = None
) -> RunMarks:
    store.put_marks(marks_of(store, course, scored))
    del scored  # a long batch has its marks once, and as they are stored
    marks = store.marks()
    observer.stage("writing pages and tables")
    if pages is None:
        write_current_views(store, course, marks)
    else:
        pages.write_views(store, marks)
    return marks


def row_of(marks: RunMarks, student: str) -> SubmissionMarks:
    """The counting row of a student, by slug, name or file.

    Raises:
        UnknownCheckError: if there is none.
    """
    rows = [row for row in marks.submissions if student in (row.student, row.name, row.submission)]
    for row in sorted(rows, key=lambda row: not row.counts):
        return row
    slugs = [row.student for row in marks.submissions]
    near = [slug for slug in slugs if student and slug.startswith(student)]
    near = near or difflib.get_close_matches(student, slugs, n=1)
    raise UnknownCheckError(
        "unknown-student",
        f'there is no student "{student}" in this run',
        next_step=f'did you mean "{near[0]}"?' if near else "marks.csv lists all of them",
    )
