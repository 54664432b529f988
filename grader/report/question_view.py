"""One card of the feedback page: a question with as much of it as its `show` allows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.records import CheckMark, Mark, Outcome, QuestionMark, cell_name
from grader.report import wording
from grader.report.plain_text import Excerpt, excerpt, mark_text, one_line
from grader.rubric import Question, Rubric, Show

if TYPE_CHECKING:
    from grader.oracle import MistakeText

LEVELS: tuple[Show, ...] = ("none", "state", "misconception", "gap")
MAX_MISTAKES = 3
MAX_CHECKS = 60
MAX_PLACES = 12
MAX_PLACE_LINES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakeView:
    """A named mistake, or an accepted form that has a name."""

    id: str
    title: str
    formula: str
    what_you_did: str
    next_step: str
    accepted: bool
    """True for another way of writing the same thing: information, not a mistake."""
    charged: bool
    """False if it is named but cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A row of the table of checks."""

    id: str
    name: str
    outcome: Outcome
    mark: Mark | None
    max: Mark
    said: tuple[str, ...]
    """Sentences on what happened; empty for a check that is met and has no more to it."""

    @property
    def state(self) -> str:
        """The outcome in words."""
        if self.outcome is Outcome.PASSED and self.mark is not None and self.mark < self.max:
            return wording.OUTCOME_WORDS[Outcome.PARTIAL]
        return wording.OUTCOME_WORDS[self.outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A place of the notebook that was looked at."""

    where: str
    """The cell and how it was found, as a sentence."""
    text: Excerpt | None
    """What stands there; None if it is shown already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A card in five fixed parts: mark, what happened, evidence, named mistake, next step."""

    id: str
    title: str
    mark: Mark
    """Sum of what is decided."""
    open: Mark
    """What waits for a person."""
    max: Mark
    outcome: Outcome
    said: tuple[str, ...]
    """Sentences on the question as a whole."""
    checks: tuple[CheckView, ...]
    """Empty when the course shows no more than the mark."""
    answer: Excerpt | None
    """The student's own words, where a person reads them."""
    looked_at: tuple[PlaceView, ...]
    """Where the answer was found, for an answer that is read and not run."""
    mistakes: tuple[MistakeView, ...]
    next_step: str

    @property
    def state(self) -> str:
        """The outcome in words."""
        if not self.max and self.outcome is not Outcome.FAULT:
            return "Reported only"
        if self.open and self.mark:
            return f"Part {'open' if self.mark + self.open == self.max else 'marks, part open'}"
        if self.outcome is Outcome.PARTIAL and not self.open:
            if self.mark == self.max:
                return wording.QUESTION_WORDS[Outcome.PASSED]
            if not self.mark:
                return wording.QUESTION_WORDS[Outcome.FAILED]
        return wording.QUESTION_WORDS[self.outcome]

    @property
    def tone(self) -> str:
        """How the state is set: the name of an outcome, or `quiet`."""
        if self.state == wording.QUESTION_WORDS[Outcome.PASSED]:
            return Outcome.PASSED.value
        return self.outcome.value if self.max or self.outcome is Outcome.FAULT else "quiet"

    @property
    def mark_words(self) -> str:
        """What is decided, of what, and what is open; an open question has no mark yet, so it says none."""
        if self.open and self.open == self.max:
            return f"open, of {mark_text(self.max)}"
        decided = f"{mark_text(self.mark)} of {mark_text(self.max)}"
        return f"{decided}, {mark_text(self.open)} open" if self.open else decided

    @property
    def checks_met(self) -> int:
        """How many checks are met in full."""
        return sum(check.outcome is Outcome.PASSED for check in self.checks)


def question_view(
    question: QuestionMark, rubric: Rubric, describe: Callable[[str], MistakeText | None], answer: str
) -> QuestionView:
    """The card of a question.

    Args:
        question: its marks.
        rubric: says how much may be shown, and on which questions this one builds.
        describe: the text of a named mistake, or None.
        answer: the student's own text; empty if there is none.

    Raises:
        RubricError: if the rubric has no such question.
    """
    asked = rubric.question(question.id)
    shown = LEVELS.index(asked.show)
    zero = question.max * 0
    checks = question.checks if shown >= LEVELS.index("state") else ()
    views = tuple(_check_view(check, asked, rubric, shown) for check in checks[:MAX_CHECKS])
    mistakes = _mistakes(checks, describe) if shown >= LEVELS.index("misconception") else ()
    return QuestionView(
        id=question.id,
        title=one_line(question.title),
        mark=sum((c.mark for c in question.checks if c.mark is not None), zero),
        open=sum((c.max for c in question.checks if c.mark is None), zero),
        max=question.max,
        outcome=question.outcome,
        said=_about_question(question, shown),
        checks=views,
        answer=excerpt(answer) if answer.strip() else None,
        looked_at=_looked_at(question.checks, answer),
        mistakes=tuple(_not_said_twice(mistake, views) for mistake in mistakes),
        next_step=_next_step(checks, mistakes) if shown >= LEVELS.index("misconception") else "",
    )


def _looked_at(checks: Sequence[CheckMark], answer: str) -> tuple[PlaceView, ...]:
    """The places of all checks, each once; a text that stands in the answer is not shown again."""
    found: dict[tuple[int, str, bool], PlaceView] = {}
    for check in checks:
        for place in check.looked_at:
            text = place.text.strip("\n")
            there = not text.strip() or text.removesuffix(" …") in answer
            view = PlaceView(
                where=wording.looked_at(
                    cell_name(place.cell), one_line(place.how), counts=place.counts, by_person=check.mark is None
                ),
                text=None if there else excerpt(text, max_lines=MAX_PLACE_LINES),
            )
            found.setdefault((place.cell, place.how, place.counts), view)
    shown = sorted(found.values(), key=lambda view: view.text is not None)  # first where the answer above stands
    return tuple(shown[:MAX_PLACES])


def _about_question(question: QuestionMark, shown: int) -> tuple[str, ...]:
    said = []
    if not question.max:
        said.append(wording.REPORTED)
    if shown < LEVELS.index("state"):
        return (*said, wording.HIDDEN)
    count = len(question.checks)
    told = count == 1 and shown >= LEVELS.index("gap") and bool(one_line(question.checks[0].reason))
    if count and not told and all(check.outcome is Outcome.PASSED for check in question.checks):
        said.append(wording.all_met(count))
    return tuple(said)


def _check_view(check: CheckMark, question: Question, rubric: Rubric, shown: int) -> CheckView:
    name = one_line(re.sub("[_-]", " ", check.id.removeprefix(f"{question.id}/")))
    said = _about_check(check, question, rubric, shown)
    return CheckView(
        id=one_line(check.id),
        name=name.capitalize() if name.islower() else name,
        outcome=check.outcome,
        mark=check.mark,
        max=check.max,
        said=tuple(said),
    )


def _about_check(check: CheckMark, question: Question, rubric: Rubric, shown: int) -> list[str]:
    """Fixed sentences at every level; the check's own reason only where the gap may be shown, and never of a fault."""
    uses = [f"{used} ({rubric.question(used).title})" for used in question.uses]
    reason = one_line(check.reason) if shown >= LEVELS.index("gap") else ""
    said = []
    if check.outcome is Outcome.FAULT:
        return [wording.fault(check.max)]
    if check.outcome is Outcome.MANUAL:
        said.append(wording.manual(check.max, uncertain=check.uncertain))
    elif check.outcome is Outcome.BLOCKED:
        said.append(wording.blocked(check.max - (check.mark or 0), uses))
    elif check.outcome is Outcome.UNANSWERED and not reason:
        said.append(wording.UNANSWERED)
    elif check.outcome in (Outcome.FAILED, Outcome.PARTIAL) and not reason:
        said.append(wording.NOT_MET if check.outcome is Outcome.FAILED else "This was met in part.")
    if reason:
        said.append(reason)
    if check.follow_through and check.mark is not None and check.outcome is not Outcome.BLOCKED:
        said.append(wording.follow_through(check.mark, check.max, uses))
    if check.convention and shown >= LEVELS.index("misconception"):
        said.append(wording.convention(one_line(check.convention)))
    if check.by != "auto":
        said.append(wording.BY_PERSON if check.by == "person" else wording.BY_POLICY)
    return said


def _mistakes(checks: Sequence[CheckMark], describe: Callable[[str], MistakeText | None]) -> tuple[MistakeView, ...]:
    found: dict[str, MistakeView] = {}
    for check in checks:
        for identifier in check.diagnosis[:MAX_MISTAKES]:
            charged = check.mark is None or check.mark < check.max
            known = found.get(identifier)
            if known is None or (charged and not known.charged):
                found[identifier] = _mistake(identifier, describe(identifier), charged=charged)
    return tuple(found.values())


def _mistake(identifier: str, text: MistakeText | None, *, charged: bool) -> MistakeView:
    return MistakeView(
        id=one_line(identifier),
        title=one_line(text.title) if text is not None else "",
        formula=excerpt(text.formula, max_lines=8).text if text is not None else "",
        what_you_did=one_line(text.what_you_did) if text is not None else "",
        next_step=one_line(text.next_step) if text is not None else "",
        accepted=text is not None and text.effect == "equivalent",
        charged=charged,
    )


def _not_said_twice(mistake: MistakeView, checks: Sequence[CheckView]) -> MistakeView:
    said = {sentence for check in checks for sentence in check.said}
    return replace(mistake, what_you_did="") if mistake.what_you_did in said else mistake


def _next_step(checks: Sequence[CheckMark], mistakes: Sequence[MistakeView]) -> str:
    """One thing to do: that of the check that lost most, else that of the first mistake."""
    lossy = [check for check in checks if check.next_step and check.mark is not None and check.mark < check.max]
    if lossy:
        return one_line(max(lossy, key=lambda check: check.max - (check.mark or 0)).next_step)
    for mistake in mistakes:
        if mistake.next_step and not mistake.accepted:
            return mistake.next_step
    return next((one_line(check.next_step) for check in checks if check.next_step), "")
