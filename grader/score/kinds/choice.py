"""Kind `choice`: one option, or a set of options."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from grader.records import Outcome
from grader.score.answer_text import Literal
from grader.score.kinds.answer_place import AnswerPlace, computed_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.identification import left_to_a_person, plain_form
from grader.score.marks import ZERO


class ChoiceParameters(AnswerPlace):
    """The key, and the options from which it is chosen."""

    answer: tuple[str, ...] = Field(min_length=1)
    """The right option, or all of a set."""
    options: dict[str, tuple[str, ...]] = {}
    """Option -> other words for it; needed where the answer stands in prose."""
    forgive: tuple[str, ...] = ("option", "answer")
    """Words that may stand beside an option without changing it."""

    @field_validator("answer", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
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
    Limits: in prose, words that are no option send the answer to a person.
    """
    unread = computed_at(parameters, context.evidence.notebook, context.student_version)
    if unread:
        return left_to_a_person(unread)
    written = written_at(parameters, context.evidence.notebook, context.student_version)
    if written is None:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
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
    options = {**dict.fromkeys(parameters.answer, ()), **parameters.options}
    return {
        plain_form(word, parameters.forgive): plain_form(option, parameters.forgive)
        for option, others in options.items()
        for word in (option, *others)
    }


def _option(value: Literal, parameters: ChoiceParameters) -> str:
    form = plain_form(value, parameters.forgive)
    return _forms(parameters).get(form, form)
