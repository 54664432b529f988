"""Before marks leave: is everything decided, current, acknowledged, and do all views say the same?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader import report
from grader.errors import ConfigError, UnknownCheckError
from grader.pipeline.course import Course, stored_course
from grader.pipeline.current import current_digests, current_views, write_current_views
from grader.records import SCORING_VERSION, Event, Outcome, RunMarks, SubmissionMarks, SubmissionStatus
from grader.store import RunStore

MARKS_TABLE = "marks.csv"
PAGES = "feedback/"
_DIGESTS = {"rubric": "the rubric", "evidence": "the evidence", "oracle": "the oracle", "events": "people's decisions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCheck:
    """One thing that must hold before release."""

    name: str
    ok: bool
    text: str
    rows: tuple[str, ...] = ()
    """Students, diagnoses or files that it concerns."""
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What was checked, and the views that were: what is packaged is what was looked at."""

    checks: tuple[ReleaseCheck, ...]
    table: str
    """marks.csv."""
    pages: Mapping[str, str]
    """Student -> feedback page."""

    @property
    def ready(self) -> bool:
        return all(check.ok for check in self.checks)


def examine(run: Path, *, allow_open: bool = False) -> Readiness:
    """What stands in the way of a release; changes nothing.

    Raises:
        RunError: if the folder is no run, or was never scored.
    """
    store = RunStore(run)
    with store.locked(), stored_course(store) as course:
        marks = store.marks()
        views = current_views(store, course)
        rows = [row for row in marks.submissions if row.counts]
        checks = (
            _marks_are_current(store, course, marks),
            _no_faults(rows, run),
            _nothing_to_review(rows, run),
            _nothing_open(rows, run, allowed=allow_open),
            _acknowledged(store, course, marks),
            _views_agree(store.folder, views),
        )
        pages = {name.removeprefix(PAGES): text for name, text in views.items() if name.startswith(PAGES)}
        return Readiness(
            checks=checks,
            table=views[MARKS_TABLE],
            pages={name.removesuffix(".html"): text for name, text in pages.items()},
        )


def acknowledge(run: Path, identifiers: Iterable[str], *, why: str, who: str) -> list[Event]:
    """Record that a person has looked at diagnoses that meet many; no mark changes.

    Args:
        run: the run folder.
        identifiers: `<question>:<diagnosis>`, as the summary prints them.
        why: why they stand.
        who: who has looked.

    Raises:
        ConfigError: if no reason is given.
        UnknownCheckError: if a diagnosis is not among those that meet many; nothing is recorded then.
    """
    if not why.strip():
        raise ConfigError(
            "acknowledge-without-reason", "an acknowledgement needs a reason", next_step="give --why TEXT"
        )
    store = RunStore(run)
    with store.locked(), stored_course(store) as course:
        marks = store.marks()
        common = {figure.key: figure for figure in report.common_mistakes(marks, course.describe)}
        wanted = list(dict.fromkeys(identifiers))
        for identifier in wanted:
            if identifier not in common:
                raise _not_common(identifier, sorted(common))
        at = datetime.now(UTC).isoformat(timespec="seconds")
        events = [
            Event(
                kind="acknowledge",
                student="",
                check=identifier,
                students=common[identifier].students,
                why=why,
                who=who,
                at=at,
            )
            for identifier in wanted
        ]
        for event in events:
            store.add_event(event)
        write_current_views(store, course)
    return events


def _not_common(identifier: str, common: Sequence[str]) -> UnknownCheckError:
    near = difflib.get_close_matches(identifier, common, n=1)
    known = f"they are {', '.join(common)}" if common else "there is none in this run"
    return UnknownCheckError(
        "unknown-diagnosis",
        f'"{identifier}" is not among the diagnoses that meet many',
        next_step=f'did you mean "{near[0]}"?' if near else known,
    )


def _marks_are_current(store: RunStore, course: Course, marks: RunMarks) -> ReleaseCheck:
    now = current_digests(store, course)
    changed = [words for name, words in _DIGESTS.items() if getattr(now, name) != getattr(marks.digests, name)]
    if marks.scoring_version != SCORING_VERSION:
        changed.append("the rules of scoring")
    return ReleaseCheck(
        name="current",
        ok=not changed,
        text=f"changed since the marks were given: {', '.join(changed)}"
        if changed
        else "the marks follow from the rubric, evidence, oracle and decisions as stored",
        next_step=f"grader score {store.folder}" if changed else "",
    )


def _no_faults(rows: Sequence[SubmissionMarks], run: Path) -> ReleaseCheck:
    found = [row.student for row in rows if _faulty(row)]
    return ReleaseCheck(
        name="faults",
        ok=not found,
        text=_count(found, "has a fault of ours", "have faults of ours") if found else "no fault of ours",
        rows=tuple(found),
        next_step=f"grader execute {run} --missing, then grader score {run}; or grader override for each check"
        if found
        else "",
    )


def _faulty(row: SubmissionMarks) -> bool:
    return any(check.outcome is Outcome.FAULT for question in row.questions for check in question.checks)


def _nothing_to_review(rows: Sequence[SubmissionMarks], run: Path) -> ReleaseCheck:
    waiting = [row.student for row in rows if row.status is SubmissionStatus.NEEDS_REVIEW and not _faulty(row)]
    return ReleaseCheck(
        name="review",
        ok=not waiting,
        text=_count(waiting, "waits for a decision", "wait for decisions") if waiting else "nothing needs review",
        rows=tuple(waiting),
        next_step=f"grader override {run} STUDENT CHECK MARK --why TEXT, or STUDENT FLAG; summary.html says what waits"
        if waiting
        else "",
    )


def _nothing_open(rows: Sequence[SubmissionMarks], run: Path, *, allowed: bool) -> ReleaseCheck:
    found = [row.student for row in rows if row.status is SubmissionStatus.OPEN]
    if not found:
        return ReleaseCheck(name="open", ok=True, text="no answer waits for a marker")
    text = _count(found, "has answers that wait for a marker", "have answers that wait for a marker")
    return ReleaseCheck(
        name="open",
        ok=allowed,
        text=f"{text}; the pages say that they are provisional" if allowed else text,
        rows=tuple(found),
        next_step=""
        if allowed
        else f"grader override {run} STUDENT CHECK MARK --why TEXT; or --allow-open to release provisional marks",
    )


def _acknowledged(store: RunStore, course: Course, marks: RunMarks) -> ReleaseCheck:
    events = store.events()
    common = report.common_mistakes(marks, course.describe)
    open_ = [figure for figure in common if report.acknowledgement(figure, events) is None]
    if not open_:
        text = f"{len(common)} acknowledged" if common else "no diagnosis meets many"
        return ReleaseCheck(name="told-to-many", ok=True, text=text, rows=tuple(figure.key for figure in common))
    told = "; ".join(figure.told for figure in open_)
    return ReleaseCheck(
        name="told-to-many",
        ok=False,
        text=f"{told}: perhaps the question's text or the template is the cause",
        rows=tuple(figure.key for figure in open_),
        next_step="read a few of these answers, then "
        + " ".join(f"--acknowledge {figure.key}" for figure in open_)
        + " --why TEXT",
    )


def _views_agree(folder: Path, views: Mapping[str, str]) -> ReleaseCheck:
    """Every file holds what follows from the marks, and there is no page of anybody else."""
    differing = [name for name, text in views.items() if not _holds(folder / name, text)]
    strangers = {f"{PAGES}{path.name}" for path in (folder / PAGES).glob("*.html")} - set(views)
    found = [*differing, *sorted(strangers)]
    return ReleaseCheck(
        name="views",
        ok=not found,
        text=f"{len(found)} of {len(views)} files are missing or do not say what the marks say"
        if found
        else f"{len(views)} pages and tables agree with the marks",
        rows=tuple(found),
        next_step=f"grader report {folder}" if found else "",
    )


def _holds(path: Path, text: str) -> bool:
    content = text.encode()
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _count(rows: Sequence[str], one: str, many: str) -> str:
    return f"1 submission {one}" if len(rows) == 1 else f"{len(rows)} submissions {many}"
