"""A run folder with marks that a test gives, made without a kernel: rubric, hand-ins, marks and all views."""

from __future__ import annotations

from pathlib import Path

import nbformat
from helpers.marks_builders import hand_in, run_marks

from grader.pipeline.course import Course
from grader.pipeline.current import current_digests, write_current_views
from grader.records import SubmissionMarks
from grader.store import RunStore

RUBRIC = """\
title: Sums
questions:
  - {id: "1", title: First, marks: 2, kind: number, variable: n, answer: 3}
  - {id: "2", title: Second, marks: 2, kind: text, after: Question 2}
"""


def rubric_folder(folder: Path, text: str = RUBRIC) -> Path:
    """A coursework without an oracle, of a number and a text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rubric.yaml").write_text(text, encoding="utf-8")
    cell = nbformat.v4.new_code_cell("n = 3", metadata={"template": "n = None"})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "solution.ipynb")
    return folder


def scored_run(folder: Path, *rows: SubmissionMarks) -> Path:
    """A run whose marks are these rows; as if it had been graded and reported."""
    course = Course.load(rubric_folder(folder / "rubric"))
    run = folder / "run"
    facts = {"seed": "s", "rubric": course.rubric.name, "rubric_path": str(course.rubric.folder)}
    store = RunStore.create(run, facts, course.files())
    store.put_submissions(
        [hand_in(row.student, key=f"{row.student}.{row.attempt}", attempt=row.attempt) for row in rows]
    )
    put_marks(run, *rows)
    return run


def put_marks(run: Path, *rows: SubmissionMarks) -> None:
    """Other marks of the same run, with digests and views that belong to them."""
    store = RunStore(run)
    with store.rubric_copy(store.meta("rubric") or "") as copy:
        course = Course.load(copy)
        marks = run_marks(*rows, digests=current_digests(store, course), title=course.rubric.title)
        store.put_marks(marks)
        write_current_views(store, course)
