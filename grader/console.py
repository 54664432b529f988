"""What the terminal shows: progress on stderr, errors in three parts. A bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from grader.errors import GraderError
from grader.records import Reason, Submission


def printable(text: str) -> str:
    """Text from a file name or a student, safe for a terminal: control characters are shown, not sent."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def show_error(error: GraderError, output_format: str) -> None:
    """Write an error to stderr, as text or as one JSON object."""
    if output_format == "json":
        parts = {"code": error.code, "what": error.what, "where": error.where, "next": error.next_step}
        sys.stderr.write(json.dumps({"error": parts}) + "\n")
    else:
        sys.stderr.write(f"{error}\n")


class BatchProgress:
    """Tells on stderr how a batch goes on; silent when `quiet`."""

    def __init__(self, *, quiet: bool) -> None:
        self._console = Console(stderr=True, quiet=quiet, highlight=False)
        self._bar: Progress | None = None
        self._total = 0
        self._done = 0

    def __enter__(self) -> BatchProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop_bar()

    def stage(self, sentence: str) -> None:
        self._stop_bar()
        self._say(sentence)

    def note(self, sentence: str) -> None:
        """Write it even when quiet: nothing else tells it."""
        sys.stderr.write(f"note: {printable(sentence)}\n")

    def begin(self, total: int, already_done: int) -> None:
        self._total, self._done = total, already_done
        if already_done == total:
            self._say(f"nothing to run: the evidence of all {total} is there")
            return
        again = f", {already_done} have their evidence already" if already_done else ""
        self._say(f"running {total - already_done} of {total}{again}")
        if self._console.is_terminal:
            columns = (TextColumn("running"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=self._console)
            self._bar.add_task("running", total=total, completed=already_done)
            self._bar.start()

    def finished(self, submission: Submission, problem: Reason | None) -> None:
        self._done += 1
        if problem is not None:
            self._say(f"could not run {printable(submission.submission)}: {problem.what} ({problem.code})")
        if self._bar is not None:
            self._bar.advance(self._bar.task_ids[0])
        elif self._total and (self._done * 10) // self._total != ((self._done - 1) * 10) // self._total:
            self._say(f"ran {self._done}/{self._total}")

    def _say(self, sentence: str) -> None:
        self._console.print(sentence, markup=False, soft_wrap=True)

    def _stop_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
