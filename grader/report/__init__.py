"""Turns marks into pages and tables. It knows nothing of evidence, kernels or how a mark came about."""

from __future__ import annotations

from grader.report.summary_figures import Counts, MistakeFigures, acknowledgement, common_mistakes, counts
from grader.report.write import ALL, Content, Share, all_views, write_pages, write_views

__all__ = [
    "ALL",
    "Content",
    "Counts",
    "MistakeFigures",
    "Share",
    "acknowledgement",
    "all_views",
    "common_mistakes",
    "counts",
    "write_pages",
    "write_views",
]
