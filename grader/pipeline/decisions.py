"""People's decisions that are no marks: a flag that is settled, a deduction for lateness that is let go."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from pathlib import Path

from grader.errors import UnknownCheckError
from grader.pipeline.commands import row_of
from grader.pipeline.course import stored_course
from grader.pipeline.current import write_current_views
from grader.pipeline.marking import marks_of, score_stored
from grader.records import Event, SubmissionMarks
from grader.store import RunStore


def waive(run: Path, student: str, what: str, *, why: str, who: str, workers: int = 1) -> SubmissionMarks:
    """Settle a flag or an adjustment of one student, as an event; returns the student's new marks.

    Args:
        run: the run folder.
        student: as in marks.csv.
        what: the flag or the adjustment, as marks.csv or the page prints it.
        why: the reason.
        who: who decides.
        workers: processes for the marking.

    Raises:
        UnknownCheckError: if there is no such student, nothing of that name to settle, or no reason; or it is a check.
    """
    store = RunStore(run)
    with store.locked(), stored_course(store) as course:
        row = row_of(store.marks(), student)
        known = [*row.flags, *(adjustment.id for adjustment in row.adjustments)]
        if what in {check.id for question in row.questions for check in question.checks}:
            raise UnknownCheckError(
                "override-without-mark",
                f'"{what}" is a check, and no mark is given for it',
                next_step=f"grader override {run} {student} {what} MARK --why TEXT",
            )
        if what not in known:
            near = difflib.get_close_matches(what, known, n=1)
            raise UnknownCheckError(
                "unknown-flag",
                f'"{student}" has no flag or adjustment "{what}"',
                next_step=f'did you mean "{near[0]}"?' if near else f"there are {', '.join(known) or 'none'}",
            )
        if not why.strip():
            raise UnknownCheckError("override-without-reason", "a decision needs a reason", next_step="give --why TEXT")
        at = datetime.now(UTC).isoformat(timespec="seconds")
        store.add_event(Event(kind="waive", student=row.student, check=what, why=why, who=who, at=at))
        marks = marks_of(store, course, score_stored(store, course, workers))
        store.put_marks(marks)
        write_current_views(store, course)
        return row_of(marks, student)
