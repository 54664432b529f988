"""Kind `identification`: which thing is which, written as assignments such as `A = "first"`."""

from __future__ import annotations

import difflib
import re

from pydantic import Field, ValidationInfo, field_validator

from grader.coursework import StudentVersion
from grader.records import NotebookRecord, Outcome, Record
from grader.score.answer_text import Literal, assigned, computed
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.marks import ZERO, outcome_of, share


class IdentificationParameters(Record):
    """What the names stand for."""

    answers: dict[str, str] = Field(min_length=1)
    """Name of the variable -> the right answer."""
    aliases: dict[str, tuple[str, ...]] = {}
    """Right answer -> other words for it."""
    forgive: tuple[str, ...] = ("answer", "the", "it", "is", "a", "an")
    """Words that may stand beside an answer without changing it; they count where nothing else is written."""
    permutation: bool = False
    """True if each answer is to be used once."""
    cohort: tuple[str, ...] = ()
    """The names in another order: the first of them takes the first answer. Empty: as `answers` has them. With it the
    names in `answers` stand in the order of the alphabet, since exchanging them there would change nothing."""

    @field_validator("cohort")
    @classmethod
    def _is_an_order_of_the_names(cls, cohort: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        names = tuple(info.data.get("answers", ()))
        if not cohort or not names:
            return cohort
        for name in cohort:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                raise ValueError(f'"{name}" is no name in `answers`' + (f'; did you mean "{near[0]}"?' if near else ""))
            if cohort.count(name) > 1:
                raise ValueError(f'"{name}" appears twice; each name takes one answer')
        if list(names) != sorted(names, key=str.casefold):
            raise ValueError(
                f"with `cohort` the names in `answers` stand in the order of the alphabet, {', '.join(sorted(names))}: "
                "who takes which answer is said by `cohort` alone, so names exchanged in `answers` would change nothing"
            )
        missing = [name for name in names if name not in cohort]
        if missing:
            raise ValueError(f'"{missing[0]}" is missing; an order has all of {", ".join(names)}')
        return cohort

    @property
    def key(self) -> dict[str, str]:
        """Name of the variable -> the answer that is right for this cohort, in the order of `answers`."""
        taken = dict(zip(self.cohort or self.answers, self.answers.values(), strict=True))
        return {name: taken[name] for name in self.answers}


@kind("identification", parameters=IdentificationParameters)
def judge(context: JudgeContext, parameters: IdentificationParameters) -> Verdict:
    """Marks names that were to be matched with things.

    Looks at: the last literal that the notebook assigns to each name; it is read, never run.
    Passes: the right thing in any case, with other spaces, quotes, dots, or words in `forgive`.
    Does not pass: another thing, or nothing. The names share the marks equally.
    Cohorts: `cohort` gives the same answers to the names in another order, so that last year's key is of no use.
    Limits: a value that is computed is left to a person.
    """
    names = tuple(parameters.answers)
    unread = computed_answers(context.evidence.notebook, context.student_version, names)
    if unread:
        return left_to_a_person(unread)
    written = written_answers(context.evidence.notebook, context.student_version, names)
    if not written:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    wrong = [
        name
        for name, answer in parameters.key.items()
        if _form(written.get(name), parameters) != _form(answer, parameters)
    ]
    right = len(parameters.answers) - len(wrong)
    mark = share(context.check.marks, right, len(parameters.answers))
    return Verdict(
        outcome=outcome_of(mark, context.check.marks) if context.check.marks else Outcome.PASSED,
        mark=mark,
        reason=_reason(wrong, written, parameters, context.question.show),
    )


def written_answers(notebook: NotebookRecord, template: StudentVersion, names: tuple[str, ...]) -> dict[str, Literal]:
    """What the student assigned to the names; values that the template has there, and empty ones, are left out."""
    given, found = assigned(template.notebook), assigned(notebook)
    written: dict[str, Literal] = {}
    for name in names:
        answer = found.get(name)
        if (
            answer is None
            or answer.value in ("", (), None)
            or (isinstance(answer.value, str) and not answer.value.strip())
        ):
            continue
        if name in given and given[name].value == answer.value:
            continue
        written[name] = answer.value
    return written


def computed_answers(notebook: NotebookRecord, template: StudentVersion, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names whose value is computed by the student's code, so that it is not read here."""
    return tuple(name for name in names if name in computed(notebook) - computed(template.notebook))


def left_to_a_person(names: tuple[str, ...]) -> Verdict:
    """The verdict on answers that are computed instead of written down."""
    listed = ", ".join(f"`{name}`" for name in names)
    reason = f"The value of {listed} is computed by your code, not written down; a person will look at it."
    return Verdict(outcome=Outcome.MANUAL, mark=None, uncertain=True, reason=reason)


def plain_form(value: Literal, forgive: tuple[str, ...] = ()) -> str:
    """An answer without case, spaces, quotes, punctuation and forgiven words."""
    words = re.findall(r"[^\W_]+", str(value).casefold())
    ignored = {word.casefold() for word in forgive}
    return "".join(word for word in words if word not in ignored)


def _form(value: Literal, parameters: IdentificationParameters) -> str | None:
    if value is None:
        return None
    form = plain_form(value, parameters.forgive) or plain_form(value)
    for answer, others in parameters.aliases.items():
        if form in {plain_form(other, parameters.forgive) for other in (answer, *others)}:
            return plain_form(answer, parameters.forgive)
    return form


def _reason(wrong: list[str], written: dict[str, Literal], parameters: IdentificationParameters, show: str) -> str:
    count = len(parameters.answers)
    if not wrong:
        return "All are right." if count > 1 else "Right."
    sentences = [f"{count - len(wrong)} of {count} are right."]
    if show in ("misconception", "gap"):
        missing = [name for name in wrong if name not in written]
        other = [name for name in wrong if name in written]
        if other:
            sentences.append(f"Not right: {', '.join(f'`{name}`' for name in other)}.")
        if missing:
            sentences.append(f"Not answered: {', '.join(f'`{name}`' for name in missing)}.")
    if parameters.permutation and len(written) == count:
        forms = sorted(str(_form(value, parameters)) for value in written.values())
        if forms != sorted(str(_form(answer, parameters)) for answer in parameters.answers.values()):
            sentences.append("Each of the answers was to be used once.")
    return " ".join(sentences)
