"""Kind `choice`: one option, or a set of options."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator, model_validator

from grader.records import Outcome
from grader.score.answer_text import Literal
from grader.score.kinds.answer_place import AnswerPlace, computed_at, written_at
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.choice_text import chosen_in
from grader.score.kinds.identification import left_to_a_person, plain_form
from grader.score.kinds.without_key import MayLackKey, kept, require_no_marks
from grader.score.marks import ZERO


class ChoiceParameters(AnswerPlace, MayLackKey):
    """The key, and the options from which it is chosen."""

    answer: tuple[str, ...] = ()
    """The right option, or all of a set; needed unless `key: none` is given."""
    options: dict[str, tuple[str, ...]] = {}
    """Option -> other words for it; needed where the answer stands in prose."""
    forgive: tuple[str, ...] = (
        "option",
        "answer",
        "choice",
        "letter",
        "the",
        "is",
        "it",
        "my",
        "your",
        "correct",
        "right",
    )
    """Words that may stand beside an option without changing it."""

    @field_validator("answer", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return tuple(str(item) for item in value) if isinstance(value, list | tuple) else (str(value),)

    @field_validator("options", mode="before")
    @classmethod
    def _named_or_listed(cls, value: Any) -> Any:
        return {str(option): () for option in value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _has_a_key(self) -> ChoiceParameters:
        if self.key is None and not self.answer:
            raise ValueError("give `answer`, or `key: none`")
        taken: dict[str, str] = {}
        for option, others in self.spellings.items():
            for form in {plain_form(word, self.forgive) or word for word in (option, *others)}:
                if taken.setdefault(form, option) != option:
                    raise ValueError(f'"{form}" is a form of both "{taken[form]}" and "{option}"')
        return self

    @property
    def spellings(self) -> dict[str, tuple[str, ...]]:
        """Option -> other words for it, those of the key among them."""
        return {**dict.fromkeys(self.answer, ()), **self.options}

    @property
    def forms(self) -> dict[str, str]:
        """Every way to write an option -> the option, in its plain form."""
        return {
            plain_form(word, self.forgive): plain_form(option, self.forgive)
            for option, others in self.spellings.items()
            for word in (option, *others)
        }


@kind("choice", parameters=ChoiceParameters, probes=require_no_marks)
def judge(context: JudgeContext, parameters: ChoiceParameters) -> Verdict:
    """Marks a choice among options.

    Looks at: the last literal assigned to `variable`, or the prose between `after` and `before`.
    Passes: exactly the right options, in any order, case and punctuation: `b`, `B.`, `(b)`, `option b`, `Answer: b`,
        `b) because ...`, a ticked box `- [x] b`.
    Does not pass: others, more or fewer of them.
    Limits: words that are no option and follow no sign of punctuation send the answer to a person, except where no
        `options` are listed and the answer is a variable.
    """
    unread = computed_at(parameters, context.evidence.notebook, context.student_version)
    written = written_at(parameters, context.evidence.notebook, context.student_version)
    if parameters.key is not None:
        return kept(context, written or unread or None)
    if unread:
        return left_to_a_person(unread)
    if written is None:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    chosen = _chosen(written, parameters)
    right = {parameters.forms[plain_form(answer, parameters.forgive)] for answer in parameters.answer}
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


def _chosen(written: Literal, parameters: ChoiceParameters) -> frozenset[str] | None:
    """The options that were written; None if there is something else in the answer."""
    items = written if isinstance(written, tuple) else (written,)
    found: set[str] = set()
    for item in items:
        here = chosen_in(str(item), parameters.forms, parameters.forgive, single=len(parameters.answer) < 2)
        if here is None and (parameters.after or parameters.options):
            return None
        found |= {plain_form(item, parameters.forgive)} if here is None else here
    return frozenset(found)
