"""What a batch tells while it runs, and what it says at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from grader.records import Reason, RunMarks, Submission, SubmissionStatus


class Observer(Protocol):
    """Is told how a batch goes on."""

    def begin(self, total: int, already_done: int) -> None:
        """Execution starts: `total` hand-ins that can be run, of which some have their evidence already."""

    def finished(self, submission: Submission, problem: Reason | None) -> None:
        """One hand-in has been executed; `problem` is a fault of ours."""

    def stage(self, sentence: str) -> None:
        """Another stage begins."""

    def note(self, sentence: str) -> None:
        """Something that whoever started the command should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The last line of a batch."""

    graded: int
    open: int
    needs_review: int
    refused: int
    not_submitted: int

    @classmethod
    def of(cls, marks: RunMarks) -> Counts:
        found = Counter(row.status for row in marks.submissions)
        return cls(
            graded=found[SubmissionStatus.GRADED],
            open=found[SubmissionStatus.OPEN],
            needs_review=found[SubmissionStatus.NEEDS_REVIEW],
            refused=found[SubmissionStatus.REFUSED],
            not_submitted=found[SubmissionStatus.NOT_SUBMITTED],
        )

    @property
    def exit_code(self) -> int:
        """1 if a person has to look at something besides open theory answers."""
        return 1 if self.needs_review or self.refused else 0

    def sentence(self) -> str:
        text = f"{self.graded} graded, {self.open} open, {self.needs_review} need review, {self.refused} refused"
        return text + (f", {self.not_submitted} not submitted" if self.not_submitted else "")
