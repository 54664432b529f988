"""The verdict on a derivation that is answered by a function, which was called where the gradient is known."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from decimal import Decimal

from grader.coursework import StudentVersion, normalise
from grader.evidence import Part, ProbeRun
from grader.records import NotebookRecord, Outcome
from grader.score.derivations.comparing import Judge
from grader.score.kinds.base import JudgeContext, Verdict
from grader.score.kinds.credit import FULL, Credit, joined, outcome_of
from grader.score.kinds.derivation_calls import ways_of
from grader.score.kinds.derivation_naming import Named, worded
from grader.score.kinds.derivation_parameters import DerivationParameters
from grader.score.kinds.derivation_returns import Returned, best_ways, name_of, with_wrong_slope
from grader.score.kinds.derivation_shares import charge, charged_before
from grader.score.kinds.derivation_text import written_node
from grader.score.kinds.follow_through import NOTHING_TWICE
from grader.score.kinds.troubles import Trouble, needs_evidence, trouble_of
from grader.score.marks import ZERO
from grader.score.source_text import segments

_BY_HAND = "Print the shapes of what your function is given and of what it returns, and compare."
_BY_QUOTIENT = "Compare what your function returns for sizes of 1 with a difference quotient."


@dataclass(frozen=True, slots=True)
class Called:
    """The verdict by a function."""

    verdict: Verdict
    sure: bool
    """False if it did not return numbers, so that a written formula counts where there is one."""


def by_function(context: JudgeContext, parameters: DerivationParameters, judge: Judge) -> Called | None:
    """What the student's function is worth; None if there is none but what the template has."""
    part = context.evidence.ask("student")
    if part is None:
        return Called(_troubled(needs_evidence(f"`{parameters.function}`"), ZERO), True)
    if _is_templates(parameters.function, context.evidence.notebook, context.student_version):
        return None
    runs = [part.probe(way.probe(parameters)) for way in ways_of(parameters, judge)]
    if runs[0] is None:
        return Called(_troubled(needs_evidence(f"`{parameters.function}`"), ZERO), True)
    if runs[0].status == "missing-name":
        written = segments(context.evidence.notebook, parameters.function)
        return Called(_nothing(context, parameters, part, runs), False) if written else None
    found = best_ways(parameters, judge, part)
    if not found or (not found[0].points[False] and not found[0].seen.calculus):
        return Called(_nothing(context, parameters, part, runs), False)
    return Called(_verdict(context, parameters, judge, part, found), bool(found[0].points[False]))


def _is_templates(name: str, notebook: NotebookRecord, template: StudentVersion) -> bool:
    """True if the last function of that name is the one of the template."""
    mine, theirs = _source(name, notebook), _source(name, template.notebook)
    return mine is not None and mine == theirs


def _source(name: str, notebook: NotebookRecord) -> str | None:
    node = written_node(notebook, name)
    return None if node is None else normalise(ast.unparse(node))


def _nothing(
    context: JudgeContext, parameters: DerivationParameters, part: Part, runs: list[ProbeRun | None]
) -> Verdict:
    """The verdict where nothing that came back can be judged: it raised, did not end, or returned something else."""
    tried = [run for run in runs if run is not None and run.status != "skipped"]
    own = [run for run in tried[:2] if not _is_about_keywords(run)] or tried or runs
    trouble = trouble_of(context, own[0], parameters.function)
    if trouble is None:
        wanted = "an array, a tensor or a number"
        reason = f"Your `{parameters.function}` returns {_kind(own[0])}; it should return {wanted}."
        trouble = Trouble(outcome=Outcome.FAILED, stage="run", reason=reason, next_step="Look at its `return` line.")
    return _troubled(trouble, ZERO, () if own[0] is None else (own[0].probe,))


def _is_about_keywords(run: ProbeRun) -> bool:
    """True if a call failed before it began: the student has other names for the arguments."""
    return (
        run.status == "raised"
        and run.raised is not None
        and run.raised.type == "TypeError"
        and "keyword" in run.raised.message
    )


def _kind(run: ProbeRun | None) -> str:
    values = [] if run is None else list(run.values.values())
    kind = values[-1].kind if values else "none"
    return {"none": "None", "dict": "a dictionary without it", "tuple": "a tuple", "list": "a list"}.get(
        kind, f"a value of kind {kind}"
    )


def _troubled(trouble: Trouble, mark: Decimal, evidence: tuple[str, ...] = ()) -> Verdict:
    decided = trouble.outcome not in (Outcome.MANUAL, Outcome.FAULT)
    return Verdict(
        outcome=trouble.outcome,
        mark=mark if decided else None,
        reason=trouble.reason,
        next_step=trouble.next_step,
        uncertain=trouble.outcome is Outcome.MANUAL,
        flags=trouble.flags,
        evidence=evidence,
    )


def _verdict(
    context: JudgeContext, parameters: DerivationParameters, judge: Judge, part: Part, found: list[Returned]
) -> Verdict:
    """The verdict by the ways to call with which most is right: by the first in which a mistake has a name."""
    slopes = [] if found[0].seen.matrices else [with_wrong_slope(parameters, judge, one) for one in found]
    for one, sloped in zip(found, slopes, strict=False):
        if sloped is not None and sloped[1].matrices:
            return _Marking(context, parameters, judge, one).charged_once(sloped[0])
    for one in found:
        named = None if one.seen.matrices else name_of(parameters, judge, part, one, context.oracle)
        if named is not None:
            return _Marking(context, parameters, judge, one).named(named)
    marking = _Marking(context, parameters, judge, found[0])
    if found[0].seen.matrices:
        return marking.right()
    slip = next((sloped[0] for sloped in slopes if sloped is not None), None)
    return marking.wrong(None) if slip is None else marking.charged_once(slip, whole=False)


@dataclass(frozen=True, slots=True)
class _Marking:
    """What a function is worth that returned numbers, and the words for it."""

    context: JudgeContext
    parameters: DerivationParameters
    judge: Judge
    found: Returned

    def right(self) -> Verdict:
        """The verdict on the right gradient."""
        seen = self.found.seen
        held = "held constant" if seen.local else "followed back, too"
        both = f"What the earlier steps depend on is {held}; both count here." if len(self.judge.scopes) > 1 else ""
        return Verdict(
            outcome=Outcome.PASSED,
            mark=self.context.check.marks,
            reason=joined([f"Right: that is what your `{self.parameters.function}` returns.", both]),
            convention="the gradient is transposed to what it is taken by" if seen.turned else "",
            evidence=(self.found.probe,),
        )

    def _slip(self, name: str) -> Named:
        oracle = self.context.oracle
        known = None if name in self.parameters.wrong or oracle is None else worded(oracle, (name,))
        wrong = self.parameters.wrong.get(name)
        if known is None and wrong is not None and not wrong.says and oracle is not None:
            known = worded(oracle, (name,))
        says = "" if wrong is None else wrong.says
        return known or Named(ids=(name,), says=says, next_step="" if wrong is None else wrong.next_step)

    def named(self, mistake: Named) -> Verdict:
        """The verdict on a mistake by its name; a slip in a shared slope may have been charged."""
        shared = {name for one in self.parameters.shares for name in one.wrong}
        return self.charged_once(mistake.ids[0]) if mistake.ids[0] in shared else self.wrong(mistake)

    def charged_once(self, name: str, *, whole: bool = True) -> Verdict:
        """The verdict on a slip in a shared slope; where it is the `whole` mistake, it is charged where it was first.

        With proper sizes something else may be wrong beside it: then it is charged here.
        """
        before = charged_before(self.context, name) if whole else None
        if before is None:
            return self.wrong(self._slip(name))
        return Verdict(
            outcome=Outcome.PASSED,
            mark=self.context.check.marks,
            follow_through=True,
            reason=joined([f"It follows from a slip that was charged in question {before}.", NOTHING_TWICE]),
            evidence=(self.found.probe,),
        )

    def wrong(self, mistake: Named | None) -> Verdict:
        """The verdict on another gradient, with the name of its mistake if it has one."""
        credit = Credit(shares=self.parameters.credit)
        kept = credit.unnamed if mistake is None else max(credit.of(name) for name in mistake.ids)
        calculus = self.found.seen.calculus
        fraction = min(FULL, max(self.parameters.calculus if calculus else ZERO, kept))
        if mistake is not None:
            charge(self.context, mistake.ids)
        return Verdict(
            outcome=outcome_of(fraction),
            mark=self.context.check.marks * fraction,
            reason=self._words(mistake),
            next_step=(mistake.next_step if mistake else "") or (_BY_HAND if calculus else _BY_QUOTIENT),
            diagnosis=() if mistake is None else mistake.ids,
            evidence=(self.found.probe,),
        )

    def _words(self, mistake: Named | None) -> str:
        said = [f"What your `{self.parameters.function}` returns is not the right gradient."]
        show = self.context.question.show
        if mistake is not None and show in ("misconception", "gap"):
            said.append(mistake.says)
        trouble = trouble_of(self.context, self.found.run, self.parameters.function)
        if trouble is not None and not self.found.points[False]:
            said.append(f"With proper sizes it does not return: {trouble.reason}")
        if show == "gap":
            said.append(self._where())
        return joined(said)

    def _where(self) -> str:
        seen = self.found.seen
        if not seen.calculus:
            return "It differs from the right value even with every size 1, where only calculus counts."
        if not self.found.points[False]:
            return "With every size 1 it is right."
        return f"With every size 1 it is right; with proper sizes it is not{f': {seen.shape}' if seen.shape else ''}."
