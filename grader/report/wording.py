"""The fixed sentences of the pages. They are the product, so they stand together and have golden tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from grader.records import Mark, Outcome, SubmissionStatus
from grader.report.plain_text import mark_text, marks_text

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)  # strftime would take the host's language

OUTCOME_WORDS = {
    Outcome.PASSED: "Met",
    Outcome.PARTIAL: "Partly met",
    Outcome.FAILED: "Not met",
    Outcome.UNANSWERED: "Not answered",
    Outcome.BLOCKED: "Not judged",
    Outcome.MANUAL: "Waits for a person",
    Outcome.FAULT: "A fault of ours",
}
"""State of a check."""

QUESTION_WORDS = {
    **OUTCOME_WORDS,
    Outcome.PASSED: "Full marks",
    Outcome.PARTIAL: "Part marks",
    Outcome.FAILED: "No marks",
}
"""State of a question."""

STATUS_WORDS = {
    SubmissionStatus.GRADED: "Graded",
    SubmissionStatus.OPEN: "Graded, with answers that wait for a person",
    SubmissionStatus.NEEDS_REVIEW: "Waits for a person's decision",
    SubmissionStatus.REFUSED: "Could not be read",
    SubmissionStatus.NOT_SUBMITTED: "Nothing was handed in",
}

NOT_MET = "This was not met."
UNANSWERED = "Nothing was written here."
REPORTED = "This part carries no marks; it is reported only."
HIDDEN = "The course shows the mark of this question and nothing more about it."
BY_PERSON = "A person set this mark."
BY_POLICY = "A rule of the course set this mark, not the check."
NO_NETWORK = "It loads nothing from the network, runs no script and stores nothing."
NEEDS_REVIEW = "A person looks at this submission before its mark is final. What is decided so far stands below."
NOT_SUBMITTED = "No file of yours reached the grader, so there is nothing to mark."
REFUSED = "The file could not be used, so nothing in it was run or marked."
NOT_BELOW_ZERO = "A total does not fall below 0"


def all_met(checks: int) -> str:
    """That nothing is left to say."""
    return {1: "The check is met.", 2: "Both checks are met."}.get(checks, f"All {checks} checks are met.")


def received(moment: str) -> str:
    """A time in words; what is not a time is left out."""
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        return ""
    zone = f" {when.tzname()}" if when.tzinfo is not None else ""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M}{zone}"


def manual(open_marks: Mark, *, uncertain: bool) -> str:
    """What is said of a check that a person decides."""
    if uncertain:
        return (
            "We could not tell for certain what this part of your code does, so a person looks at it. "
            f"{_are_open(open_marks)} until then."
        )
    return f"A person reads this answer. {_are_open(open_marks)} until then."


def fault(open_marks: Mark) -> str:
    """What is said of a check on which we failed."""
    return (
        "A fault of ours: this could not be judged, and that says nothing about your work. "
        f"{_are_open(open_marks)} until a person has looked."
    )


def blocked(cost: Mark, uses: Sequence[str]) -> str:
    """What is said of a check that another question keeps from being judged."""
    because = f"it builds on {listed(uses)}" if uses else "it builds on another part"
    return f"Not judged, because {because}, which could not be used. This costs {marks_text(cost)}."


def follow_through(mark: Mark, maximum: Mark, uses: Sequence[str]) -> str:
    """How an earlier mistake was carried through instead of being charged again."""
    builds = f"This part builds on your {listed(uses)}. " if uses else "This part builds on an earlier part of yours. "
    return (
        f"{builds}A mistake there was carried through, not charged again: for what this part itself does "
        f"you get {mark_text(mark)} of {mark_text(maximum)}."
    )


def convention(form: str) -> str:
    """Which accepted form was recognised: information, not a judgement."""
    return f"We read your code as: {form.rstrip('. ')}. This form is accepted."


def looked_at(cell: str, how: str, *, counts: bool, by_person: bool) -> str:
    """Where an answer was found: "Found in cell 9, below your heading “Q3 b”."; a person reads all places."""
    if counts:
        return f"Found in {cell}, {how}."
    return f"Also found in {cell}, {how}." if by_person else f"Also found, and passed over: {cell}, {how}."


def provisional(open_marks: Mark) -> str:
    """Why a total is not final."""
    return f"Provisional: {marks_text(open_marks)} still {'waits' if open_marks == 1 else 'wait'} for a person."


def lateness(hours: float | None) -> str:
    """On time or late, in words; empty without a deadline."""
    if hours is None:
        return ""
    if hours <= 0:
        return "on time"
    if hours < 1:
        return "less than an hour late"
    return f"{hours:.1f} hours late" if hours < 48 else f"{hours / 24:.1f} days late"


def listed(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _are_open(marks: Mark) -> str:
    return f"{marks_text(marks)} {'is' if marks == 1 else 'are'} open"
