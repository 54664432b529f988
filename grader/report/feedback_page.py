"""The student's page: a StudentView in, one self-contained HTML file out."""

from __future__ import annotations

from grader.report import wording
from grader.report.html_page import render
from grader.report.student_view import StudentView


def feedback_page(view: StudentView) -> str:
    """The page as text; it needs no network and no script."""
    return render(
        "feedback.html.j2",
        view=view,
        status_words=wording.STATUS_WORDS[view.status],
        provisional=wording.provisional(view.open) if view.open else "",
        no_network=wording.NO_NETWORK,
    )
