"""What a run is made of now: the digests of all that its marks rest on, and the views that follow from its marks."""

from __future__ import annotations

from pathlib import Path

from grader import report, score
from grader.coursework import student_version
from grader.pipeline.course import Course
from grader.records import Digests, Submission
from grader.store import RunStore


def current_digests(store: RunStore, course: Course) -> Digests:
    """The digests of rubric, evidence, oracle and decisions as they are stored now."""
    return Digests(
        rubric=course.rubric.digest(),
        evidence=store.evidence_digest(),
        oracle=course.oracle.version if course.oracle is not None else "",
        events=store.events_digest(),
    )


def current_views(store: RunStore, course: Course) -> dict[str, str]:
    """Every view of the stored marks as text, by its path in the run folder; nothing is written."""
    marks, hand_ins, answers = store.marks(), _submissions(store), _answers(store, course)
    return report.all_views(marks, hand_ins, course.rubric, course.describe, answers=answers, events=store.events())


def write_current_views(store: RunStore, course: Course) -> list[Path]:
    """Write them into the run folder; returns the files."""
    marks, hand_ins, answers = store.marks(), _submissions(store), _answers(store, course)
    return report.write_views(
        store.folder, marks, hand_ins, course.rubric, course.describe, answers=answers, events=store.events()
    )


def _submissions(store: RunStore) -> dict[tuple[str, int], Submission]:
    return {(submission.student, submission.attempt): submission for submission in store.submissions()}


def _answers(store: RunStore, course: Course) -> dict[str, dict[str, str]]:
    """The texts that a person reads, by key of the submission and check."""
    template = student_version(course.rubric)
    return {
        submission.key: score.answer_texts(submission.notebook, course.rubric, template)
        for submission in store.submissions()
        if submission.notebook is not None
    }
