"""Questions to which the course has no key yet: an answer is kept, and earns and costs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from grader.errors import RubricError
from grader.oracle import Oracle
from grader.probes import Probe
from grader.records import Outcome, Record
from grader.rubric import Check, Rubric
from grader.score.kinds.base import JudgeContext, Verdict
from grader.score.marks import ZERO


class MayLackKey(Record):
    """Parameters of an answer that may have no key."""

    key: Literal["none"] | None = None
    """`none`: there is no key yet. The check then has 0 marks; what is written is kept."""


def require_no_marks(rubric: Rubric, check: Check, parameters: Any, oracle: Oracle | None) -> Iterable[Probe]:
    """No probes; and a check without a key has no marks.

    Raises:
        RubricError: if it has.
    """
    if parameters.key == "none" and check.marks:
        raise RubricError(
            "rubric-no-key-with-marks",
            f"a check without a key has {check.marks} marks; nothing can be earned without one",
            where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
            next_step="give it 0 marks, or a key",
        )
    return ()


def kept(context: JudgeContext, written: object) -> Verdict:
    """The verdict on an answer without a key."""
    if written is None or written == "":
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here; it costs nothing.")
    reason = "Your answer was kept. The course has no key to this question yet, so it earns and costs nothing."
    return Verdict(outcome=Outcome.PASSED, mark=ZERO, reason=reason)
