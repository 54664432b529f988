"""A batch of which only what is read is marked: no kernel is started, and nothing is kept."""

from __future__ import annotations

from pathlib import Path

from grader import intake, score
from grader.pipeline.course import Course, expectation_of
from grader.pipeline.current import current_digests
from grader.records import RunMarks
from grader.scratch import scratch_folder
from grader.store import RunStore


def grade_what_is_read(course: Course, source: Path) -> tuple[RunMarks, frozenset[str]]:
    """The marks of all hand-ins in the questions that need no kernel, and the ids of these questions.

    Args:
        course: the coursework.
        source: the hand-ins.

    Raises:
        ConfigError: if the hand-ins cannot be found.
    """
    rubric = course.rubric
    expectation = expectation_of(rubric, course.plan.subjects)
    submissions = list(intake.take_in(source, limits=rubric.execution.limits.intake, expectation=expectation))
    with scratch_folder("read") as folder:
        store = RunStore.create(folder / "run", {"rubric": rubric.name}, course.files())
        store.put_submissions(submissions)
        items = []
        for submission in submissions:
            if submission.notebook is not None:
                store.put_notebook(submission.key, submission.notebook.model_dump_json().encode())
                items.append(score.ScoreItem(key=submission.key, folder=store.evidence_folder / submission.key))
        scored = dict(score.score_read(items, rubric, course.oracle, course.plan))
        rows = tuple(score.finish(submission, scored.get(submission.key), rubric) for submission in submissions)
        marks = RunMarks(
            rubric=rubric.name, title=rubric.title, digests=current_digests(store, course), submissions=rows
        )
    return marks, frozenset(question.id for question in score.read_questions(rubric))
