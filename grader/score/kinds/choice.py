"""Kind `choice`: one option, or a set of options."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator

from grader.records import Outcome
from grader.score.answer_text import Literal
from grader.score.kinds.answer_place import AnswerPlace, computed_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.identification import left_to_a_person, plain_form
from grader.score.marks import ZERO


class ChoiceParameters(AnswerPlace):
    """The key, and the options from which it is chosen."""

    answer: tuple[str, ...] | None
    """The right option, or all of a set; null as long as there is no key, which takes no marks and leaves none open if
    the question has none."""
    options: dict[str, tuple[str, ...]] = {}
    """Option -> other words for it; needed where the answer stands in prose."""
    forgive: tuple[str, ...] = ("option", "answer")
    """Words that may stand beside an option without changing it."""

    @field_validator("answer", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if value is None:
            return None
        if value in ([], ()):
            raise ValueError("the key holds no option")
        return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)

    @field_validator("options", mode="before")
    @classmethod
    def _named_or_listed(cls, value: Any) -> Any:
        return {str(option): () for option in value} if isinstance(value, list) else value


@kind("choice", parameters=ChoiceParameters)
def judge(context: JudgeContext, parameters: ChoiceParameters) -> Verdict:
    """Marks a choice among options.

    Looks at: the last literal assigned to `variable`, or the prose between `after` and `before`.
    Passes: exactly the right options, in any order, case and punctuation.
    Does not pass: others, more or fewer of them.
    Limits: in prose, words that are no option send the answer to a person. Without a key an answer is only kept; if the
        question has marks it waits for a person.
    """
    unread = computed_at(parameters, context.evidence.notebook, context.student_version)
    if unread:
        return left_to_a_person(unread)
    written = written_at(parameters, context.evidence.notebook, context.student_version)
    if written is None:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    if parameters.answer is None:
        return _without_key(context)
    chosen = _chosen(written, parameters)
    right = {_option(answer, parameters) for answer in parameters.answer}
    if chosen is None:
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason="Your answer could not be read as one of the options; a person will look at it.",
        )
    if chosen == right:
        return Verdict(outcome=Outcome.PASSED, mark=context.check.marks, reason="Right.")
    reason = "This is not the right option." if len(right) == 1 else "These are not the right options."
    return Verdict(outcome=Outcome.FAILED, mark=ZERO, reason=reason)


def _without_key(context: JudgeContext) -> Verdict:
    if context.check.marks > 0:
        return Verdict(
            outcome=Outcome.MANUAL, mark=None, reason="There is no key yet; a person will look at your answer."
        )
    reason = "Your answer is kept. The question has no key, so it earns and costs nothing."
    return Verdict(outcome=Outcome.PASSED, mark=ZERO, reason=reason)


def _chosen(written: Literal, parameters: ChoiceParameters) -> set[str] | None:
    """The options that were written; None if there is something else in the answer."""
    if parameters.after and isinstance(written, str):
        words = [word for word in written.replace(",", " ").split() if plain_form(word, parameters.forgive)]
        whole = _option(written, parameters)
        if whole in _forms(parameters).values():
            return {whole}
        chosen = {_option(word, parameters) for word in words}
        return chosen if chosen <= set(_forms(parameters).values()) else None
    items = written if isinstance(written, tuple) else (written,)
    return {_option(item, parameters) for item in items}


def _forms(parameters: ChoiceParameters) -> dict[str, str]:
    """Every way to write an option -> the option."""
    options = {**dict.fromkeys(parameters.answer or (), ()), **parameters.options}
    return {
        plain_form(word, parameters.forgive): plain_form(option, parameters.forgive)
        for option, others in options.items()
        for word in (option, *others)
    }


def _option(value: Literal, parameters: ChoiceParameters) -> str:
    form = plain_form(value, parameters.forgive)
    return _forms(parameters).get(form, form)
