"""Makes every second page of a run in a process beside the command's own, where this system can fork safely.

Pages come last, when kernels and scoring workers are done: one process alone would leave the other cores idle.
"""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import suppress
from pathlib import Path

from grader import report
from grader.execute.inside.syscalls import die_with_parent
from grader.forked import ForkedChild, can_fork, is_single_threaded
from grader.pipeline.course import Course
from grader.pipeline.current import write_current_pages, write_current_views
from grader.records import RunMarks
from grader.store import RunStore

FEWEST = 20
"""Hand-ins for which the other process is worth its start."""
_OURS: report.Share = (0, 2)
_ITS: report.Share = (1, 2)
_PAGE_S = 10.0
_GRACE_S = 10.0
_DONE = b"done"


class PageMaker:
    """A process that waits for a run whose marks are stored; use as a context.

    It is forked before the command opens the run, since SQLite may not be carried across a fork, and before the command
    has threads. What goes wrong in it goes wrong once more in the command, and is told there.

    Args:
        course: what pages are made with.
    """

    def __init__(self, course: Course) -> None:
        self._course = course
        self._child: ForkedChild | None = None
        if can_fork() and is_single_threaded():
            with Path(os.devnull).open("wb") as errors:
                self._child = ForkedChild(
                    lambda: _serve(course), errors=errors.fileno(), environment=dict(os.environ), folder=Path.cwd()
                )

    def __enter__(self) -> PageMaker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is None:
            return
        with suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(timeout=_GRACE_S)
        except TimeoutError:
            self._child.kill()
            self._child.wait(timeout=_GRACE_S)
        self._child.stdout.close()

    def write_views(self, store: RunStore, marks: RunMarks) -> None:
        """Write every view of a run.

        Args:
            store: the run.
            marks: its stored marks, as they are read back.
        """
        child = self._child
        if child is None or len(marks.submissions) < FEWEST:
            write_current_views(store, self._course, marks)
            return
        with suppress(OSError):  # it has ended, and will not answer
            child.stdin.write(json.dumps(str(store.folder)).encode() + b"\n")
            child.stdin.flush()
        write_current_views(store, self._course, marks, _OURS)
        answers = child.stdout.fileno()
        answered = select.select([answers], [], [], _PAGE_S * len(marks.submissions))[0]
        if not answered or os.read(answers, len(_DONE)) != _DONE:
            write_current_pages(store, self._course, _ITS)


def _serve(course: Course) -> int:
    """Make the pages of the run that is named, if one is."""
    die_with_parent()
    line = sys.stdin.readline()
    if line:
        write_current_pages(RunStore(Path(json.loads(line))), course, _ITS)
        os.write(1, _DONE)
    return 0
