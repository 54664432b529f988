"""Joins the stages: the only package that imports all of them."""

from __future__ import annotations

from grader.pipeline.commands import (
    GradeRequest,
    doctor,
    execute_missing,
    explain,
    grade,
    override,
    report_run,
    score_run,
)
from grader.pipeline.decisions import waive
from grader.pipeline.execution import ExecutionOptions
from grader.pipeline.progress import Counts, Observer
from grader.pipeline.reading import grade_what_is_read
from grader.pipeline.release import Readiness, ReleaseCheck, acknowledge, examine
from grader.score import marks_by_hand

__all__ = [
    "Counts",
    "ExecutionOptions",
    "GradeRequest",
    "Observer",
    "Readiness",
    "ReleaseCheck",
    "acknowledge",
    "doctor",
    "examine",
    "execute_missing",
    "explain",
    "grade",
    "grade_what_is_read",
    "marks_by_hand",
    "override",
    "report_run",
    "score_run",
    "waive",
]
