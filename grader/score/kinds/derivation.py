"""Kind `derivation`: a gradient that was derived, equal to autograd's whatever its form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from grader.records import Outcome
from grader.score.derivations.answers import Answer, Stopped
from grader.score.derivations.comparing import Finding, Judge, NoValue
from grader.score.derivations.frames import TooCostlyError
from grader.score.derivations.functions import Slope
from grader.score.derivations.printing import shown
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.credit import FULL, Credit, joined, outcome_of
from grader.score.kinds.derivation_checks import checked_probes, judge_of, parts_for
from grader.score.kinds.derivation_function import by_function
from grader.score.kinds.derivation_naming import Named, named
from grader.score.kinds.derivation_own_lines import with_other_lines, writes_other_lines
from grader.score.kinds.derivation_parameters import DerivationParameters
from grader.score.kinds.derivation_shares import Followed, charge, charged_before, followed
from grader.score.kinds.derivation_text import written_derivation
from grader.score.kinds.follow_through import NOTHING_TWICE
from grader.score.marks import ZERO

_MOST_NAMED = 12
"""Readings of one answer for which a name is looked for."""
_BY_HAND = (
    "Write down the shape of every factor for small sizes that differ, and compare with what you differentiate by."
)
_BY_QUOTIENT = "Set every size to 1, put numbers in, and compare your formula with a difference quotient."


@kind("derivation", parameters=DerivationParameters, probes=checked_probes, parts_for=parts_for)
def judge(context: JudgeContext, parameters: DerivationParameters) -> Verdict:
    """Marks a gradient that was derived, by what it computes.

    Looks at: LaTeX, Unicode or plain text in the prose between `after` and `before`, or the text or the Python
        expression assigned to `variable`. Definitions on the way ("let δ = ...") are followed; of several sides of an
        equation the last counts. It is read by a grammar and never run. Or what the student's `function` returns for
        `arguments`, by keyword or in order, in NumPy arrays or tensors, with vectors as (n,) or (n, 1). Where it
        returns numbers these count; where it is missing or raises, what is written does.
    Why: one gradient has many forms, in rows or columns, local or total, and all of them are right.
    Passes: what equals the gradient that autograd computes over the rubric's forward lines, at random points: with
        every size 1, where only calculus counts (`calculus` of the marks), and with proper sizes, where order,
        transposes and outer products count (the rest). Of several ways to
        read a text the best counts.
    Does not: another formula. One that the rubric or the oracle knows by name keeps the share `named`, others
        `unnamed`, and none less than its calculus. A slip in a slope in `shares` is charged once.
    Limits: at most 12,000 characters and 24 readings; what cannot be read, holds a symbol that nothing explains, or
        leaves a derivative unworked waits for a person, with the place where reading stopped. For a function,
        `other_lines` do not count, and of slips in a slope only those that `shares` lists are charged once.
    """
    machine = _kept_judge(context, parameters)
    called = by_function(context, parameters, machine) if parameters.function else None
    if called is not None and called.sure:
        return called.verdict
    names, target = machine.setting.names, parameters.target(machine.setting)
    answers = written_derivation(parameters, context.evidence.notebook, context.student_version, names, target)
    if answers is None and called is not None:
        return called.verdict
    if answers is None:
        return Verdict(outcome=Outcome.UNANSWERED, mark=ZERO, reason="Nothing was written here.")
    if isinstance(answers, Stopped):
        return _unread(joined([answers.why, "" if called is None else called.verdict.reason]))
    try:
        other = with_other_lines(parameters)
        if other is not None and writes_other_lines(context, parameters, _kept_judge(context, other), answers):
            parameters, machine = other, _kept_judge(context, other)
        finding = machine.best(answers)
        if isinstance(finding, NoValue):
            return _unread(finding.why)
        verdict = _Marking(context, parameters, machine, answers).verdict(finding)
    except TooCostlyError:
        return _unread("It takes too many steps to compute.")
    if verdict.outcome is not Outcome.PASSED and not (finding.answer.sure or _is_known(verdict, machine, finding)):
        return _unread(f"No line of it says what was asked for, and {_read_as(finding)} is not that.")
    return verdict


def _is_known(verdict: Verdict, machine: Judge, finding: Finding) -> bool:
    """True if the only formula that may be the answer is a mistake by its name, and no step on the way to it."""
    return finding.answer.alone and bool(verdict.diagnosis) and machine.has_shape_of_right(finding)


def _kept_judge(context: JudgeContext, parameters: DerivationParameters) -> Judge:
    """The judge of a check with its points, kept for all submissions; each answer has a budget of its own."""
    key = b"derivation\0" + parameters.model_dump_json().encode()
    if key not in context.cohort:
        context.cohort[key] = judge_of(parameters)
    kept: Judge = context.cohort[key]
    return kept.afresh()


def _unread(why: str) -> Verdict:
    return Verdict(
        outcome=Outcome.MANUAL,
        mark=None,
        uncertain=True,
        reason=f"Your derivation could not be read by machine, so a person will look at it. {why}",
    )


@dataclass(frozen=True, slots=True)
class _Marking:
    """What a reading is worth, and the words for it."""

    context: JudgeContext
    parameters: DerivationParameters
    judge: Judge
    answers: list[Answer]

    def verdict(self, finding: Finding) -> Verdict:
        """The verdict on the best reading."""
        if finding.matrices:
            return self._right(finding)
        carried = followed(self.parameters, self.judge, self.answers, finding) if self.parameters.shares else None
        if carried is not None:
            return self._carried(carried)
        return self._wrong(finding, self._named(finding, self.judge, {}))

    def _named(self, finding: Finding, judge: Judge, slopes: dict[str, Slope]) -> Named | None:
        """The name that the best reading has, else that of another reading that is worth as much."""
        mistake = named(self.parameters, judge, finding, self.context.oracle, slopes)
        if mistake is not None or finding.calculus:
            return mistake
        others = ((answer, options) for answer in self.answers for options in judge.options(answer))
        for answer, options in islice(others, _MOST_NAMED):
            other = replace(finding, answer=answer, options=options)
            mistake = named(self.parameters, judge, other, self.context.oracle, slopes)
            if mistake is not None:
                return mistake
        return None

    def _right(self, finding: Finding) -> Verdict:
        return Verdict(
            outcome=Outcome.PASSED,
            mark=self.context.check.marks,
            reason=joined([f"Right. It was read as {_read_as(finding)}.", self._scope(finding)]),
            convention=_layout(finding),
        )

    def _scope(self, finding: Finding) -> str:
        if len(self.judge.scopes) < 2:
            return ""
        held = "held constant" if finding.local else "followed back, too"
        return f"What the earlier steps depend on is {held}; both count here."

    def _fraction(self, finding: Finding, mistake: Named | None) -> Decimal:
        """What the answer keeps: its calculus, or the mistake's share if that is more."""
        credit = Credit(shares=self.parameters.credit)
        kept = credit.unnamed if mistake is None else max(credit.of(name) for name in mistake.ids)
        return max(self.parameters.calculus if finding.calculus else ZERO, kept)

    def _wrong(self, finding: Finding, mistake: Named | None) -> Verdict:
        before = None if mistake is None else charged_before(self.context, mistake.ids[0])
        if mistake is not None and before is not None and mistake.ids[0] in self._shared():
            return self._free(finding, before)
        fraction = self._fraction(finding, mistake)
        if mistake is not None:
            charge(self.context, mistake.ids)
        return Verdict(
            outcome=outcome_of(fraction),
            mark=self.context.check.marks * fraction,
            reason=self._words(finding, mistake),
            next_step=mistake.next_step if mistake is not None and mistake.next_step else _next(finding),
            diagnosis=() if mistake is None else mistake.ids,
        )

    def _shared(self) -> set[str]:
        return {name for one in self.parameters.shares for name in one.wrong}

    def _free(self, finding: Finding, question: str) -> Verdict:
        return Verdict(
            outcome=Outcome.PASSED,
            mark=self.context.check.marks,
            follow_through=True,
            reason=joined([_follows(question), NOTHING_TWICE, f"It was read as {_read_as(finding)}."]),
        )

    def _carried(self, carried: Followed) -> Verdict:
        """An answer that is right, or nearer to it, with a slope that is wrong."""
        name = carried.mistake or f"slope of {carried.function}"
        before = charged_before(self.context, name)
        rest = None
        if not carried.finding.matrices:
            rest = self._named(carried.finding, carried.judge, carried.slopes)
        elif before is not None:
            return self._free(carried.finding, before)
        fraction = FULL if carried.finding.matrices else self._fraction(carried.finding, rest)
        slip = self._slip(carried)
        if before is None:
            credit = Credit(shares=self.parameters.credit)
            fraction = min(fraction, credit.of(name) if carried.mistake else credit.named)
            charge(self.context, (name,))
        ids = (*((carried.mistake,) if carried.mistake and before is None else ()), *(rest.ids if rest else ()))
        read = f"It was read as {_read_as(carried.finding)}."
        words = read if carried.finding.matrices else self._words(carried.finding, rest)
        return Verdict(
            outcome=outcome_of(fraction),
            mark=self.context.check.marks * fraction,
            reason=joined([_follows(before) if before else slip.says, words]),
            next_step=rest.next_step
            if rest is not None
            else slip.next_step
            if before is None
            else _next(carried.finding),
            diagnosis=ids,
            follow_through=before is not None,
        )

    def _slip(self, carried: Followed) -> Named:
        oracle = self.context.oracle
        if carried.mistake and oracle is not None:
            text = oracle.describe(carried.mistake)
            return Named(ids=(carried.mistake,), says=text.what_you_did, next_step=text.next_step)
        says = f"Your slope of {carried.function} is not the right one; the rest follows from it."
        return Named(ids=(), says=says, next_step="Compare your slope with a difference quotient at 0 and at 1.")

    def _words(self, finding: Finding, mistake: Named | None) -> str:
        if self.context.question.show not in ("misconception", "gap"):
            return "Your derivation is not the right one."
        said = [f"Your answer, read as {_read_as(finding)}, is not the right one."]
        if mistake is not None:
            said.append(mistake.says)
        if self.context.question.show == "gap":
            said.append(self._where(finding))
        return joined(said)

    def _where(self, finding: Finding) -> str:
        """Which step is the first wrong one, and what the two comparisons say."""
        place = self.judge.first_wrong_step(finding)
        steps = finding.answer.steps
        step = ""
        if place is not None and len(steps) > 1:
            text = steps[place].text.replace("`", "")
            text = text if len(text) <= 80 else f"{text[:80]} …"
            step = (
                f"The first step that does not equal the one before it is step {place + 1} of {len(steps)}, `{text}`."
            )
        if finding.calculus:
            shapes = f": {finding.shape}" if finding.shape else ""
            return joined([step, f"With every size 1 it is right; with proper sizes it is not{shapes}."])
        return joined([step, "It differs from the right value even with every size 1, where only calculus counts."])


def _read_as(finding: Finding) -> str:
    return f"`{shown(finding.answer.steps[-1].tree)}`"


def _layout(finding: Finding) -> str:
    said = []
    if finding.rows:
        said.append("vectors are rows")
    if finding.turned:
        said.append("the gradient is transposed to what it is taken by")
    return " and ".join(said)


def _follows(question: str) -> str:
    return f"It follows from a slip that was charged in question {question}."


def _next(finding: Finding) -> str:
    return _BY_HAND if finding.calculus else _BY_QUOTIENT
