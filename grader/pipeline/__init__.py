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
from grader.pipeline.execution import ExecutionOptions
from grader.pipeline.progress import Counts, Observer

__all__ = [
    "Counts",
    "ExecutionOptions",
    "GradeRequest",
    "Observer",
    "doctor",
    "execute_missing",
    "explain",
    "grade",
    "override",
    "report_run",
    "score_run",
]
