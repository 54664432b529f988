"""Writes every view of a run into its folder, each file in one step, and takes away the pages of those who left."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import EvidenceError
from grader.records import Event, RunMarks, Submission, SubmissionMarks
from grader.report.csv_table import marks_csv
from grader.report.feedback_page import feedback_page
from grader.report.junit_xml import junit_xml
from grader.report.marks_json import marks_json
from grader.report.student_view import AboutRun, student_view
from grader.report.summary_figures import counting
from grader.report.summary_page import summary_page
from grader.rubric import Rubric

if TYPE_CHECKING:
    from grader.oracle import MistakeText

FEEDBACK = "feedback"
_UNFINISHED = ".unfinished"
_SLUG = re.compile(r"[a-z0-9_][a-z0-9._-]{0,99}")
_NO_ANSWERS: Mapping[str, str] = {}
Share = tuple[int, int]
"""Which pages one of several processes makes: the first, and the distance to the next."""
ALL: Share = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the views of a run are made from."""

    marks: RunMarks
    rubric: Rubric
    describe: Callable[[str], MistakeText | None]
    """The text of a named mistake, or None for an identifier that nobody knows."""
    submissions: Mapping[tuple[str, int], Submission]
    """The hand-ins as read, by student and attempt; each is asked for once."""
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Texts that a person reads, by key of the submission and check; shown on the student's own page."""
    events: Sequence[Event] = ()
    """People's decisions, for the summary."""


def write_views(run_folder: Path, content: Content, share: Share = ALL) -> list[Path]:
    """Write marks.json, marks.csv, junit.xml, summary.html and feedback/<student>.html.

    A person with several attempts gets the page of the one that counts. A file is replaced only once its new content is
    complete, so that a reader never sees half of one.

    Args:
        run_folder: where the files go; `feedback/` in it belongs to this function.
        content: the whole run.
        share: the pages to write; `write_pages` writes the others, before, after or meanwhile.

    Returns:
        The files written.

    Raises:
        EvidenceError: if a student's slug cannot be a file name, is there twice, or marks do not add up.
        RubricError: if the marks name a question that the rubric does not have.
    """
    written = [_write(run_folder / name, pieces) for name, pieces in all_views(content, share)]
    pages = [f"{row.student}.html" for row in counting(content.marks)]
    known = {*pages, *map(_unfinished, pages)}
    for path in (run_folder / FEEDBACK).glob("*"):
        if path.name.endswith((".html", _UNFINISHED)) and path.name not in known:
            path.unlink()
    return written


def write_pages(run_folder: Path, content: Content, share: Share) -> None:
    """Write some of the pages that `write_views` with another share leaves out; arguments and errors as there."""
    _check(content)
    for name, page in _feedback_pages(content, share):
        _write(run_folder / name, [page])


def all_views(content: Content, share: Share = ALL) -> Iterator[tuple[str, Iterable[str]]]:
    """Every view of a run: its path in the run folder and the pieces of its text, each made when it is asked for.

    Arguments and errors are those of `write_views`.
    """
    _check(content)
    marks = content.marks
    yield "marks.json", marks_json(marks)
    yield "marks.csv", [marks_csv(marks, content.rubric)]
    yield "junit.xml", junit_xml(marks)
    yield "summary.html", [summary_page(marks, content.describe, content.events, content.rubric)]
    for name, page in _feedback_pages(content, share):
        yield name, [page]


def _check(content: Content) -> None:
    """Find before anything is written what would keep a page from being written."""
    taken: set[str] = set()
    for row in counting(content.marks):
        taken.add(_file_name(row, taken))
    for question in {question.id for row in content.marks.submissions for question in row.questions}:
        content.rubric.question(question)


def _feedback_pages(content: Content, share: Share) -> Iterator[tuple[str, str]]:
    marks = content.marks
    about = AboutRun(
        title=marks.title,
        contact=content.rubric.contact,
        digests=marks.digests,
        scoring_version=marks.scoring_version,
        isolation=marks.isolation,
    )
    first, distance = share
    for row in counting(marks)[first::distance]:
        submission = content.submissions.get((row.student, row.attempt))
        answers = content.answers.get(submission.key, _NO_ANSWERS) if submission is not None else _NO_ANSWERS
        view = student_view(row, submission, content.rubric, about, content.describe, answers)
        yield f"{FEEDBACK}/{row.student}.html", feedback_page(view)


def _file_name(row: SubmissionMarks, taken: Collection[str]) -> str:
    if not _SLUG.fullmatch(row.student):
        raise EvidenceError(
            "marks-unsafe-slug",
            f"{row.student!r} cannot be the name of a file",
            where="marks",
            next_step="grader score RUN",
        )
    if row.student in taken:
        raise EvidenceError(
            "marks-two-counting",
            "two attempts of one student count",
            where=row.student,
            next_step="grader score RUN",
        )
    return row.student


def _unfinished(name: str) -> str:
    return f".{name}{_UNFINISHED}"


def _write(path: Path, pieces: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(_unfinished(path.name))
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
    return unfinished.replace(path)
