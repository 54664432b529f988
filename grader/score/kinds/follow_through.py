"""An answer that builds on an earlier one is judged twice: against the key, and against what follows from the student's
own earlier answer, computed anew by us. The better counts, so that nothing is charged twice.

This module is pure and knows nothing of how answers look; kinds bring two verdicts and the words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from grader.records import Outcome
from grader.score.kinds.base import Verdict
from grader.score.kinds.credit import joined

NOTHING_TWICE = "Nothing is charged twice."


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What follows from a student's own earlier answer."""

    verdict: Verdict
    """On the later answer, held against that; its reason is said if the key's verdict stands. Without a mark where the
    earlier answer waits for a person: then the later one waits, too."""
    explanation: str = ""
    """Which earlier answer it was, and what it gives; a sentence."""
    mistaken: bool = True
    """False if the earlier answer was right, too: another convention, and no mistake was carried through."""


def better(by_key: Verdict, carry: Callable[[], Carried | None]) -> Verdict:
    """The better of two verdicts.

    Args:
        by_key: against the key.
        carry: against what follows from the earlier answer; None where nothing does. Called only if the key's verdict
            is decided and leaves something to gain.
    """
    if by_key.mark is None or by_key.outcome in (Outcome.PASSED, Outcome.UNANSWERED):
        return by_key
    carried = carry()
    if carried is None:
        return by_key
    if carried.verdict.mark is None:
        return carried.verdict
    if carried.verdict.mark <= by_key.mark:
        return replace(by_key, reason=joined([by_key.reason, carried.verdict.reason]))
    return replace(
        carried.verdict,
        follow_through=carried.mistaken,
        reason=joined([carried.explanation, NOTHING_TWICE if carried.mistaken else "", carried.verdict.reason]),
    )
