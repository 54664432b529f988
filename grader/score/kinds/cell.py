"""Kind `cell`: a class that computes one step from an input and a state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, cast

from pydantic import Field

from grader.evidence import ProbeRun
from grader.oracle import CellVerdict, Oracle
from grader.probes import Probe
from grader.records import Outcome, Record
from grader.rubric import Check, Rubric
from grader.score.kinds.base import JudgeContext, KindPolicy, Verdict, kind
from grader.score.kinds.cell_probes import (
    DEFAULT_ARGUMENTS,
    OWNER,
    Argument,
    CellPlan,
    cell_plan,
    cell_probes,
    require_known,
    require_mistakes,
    require_oracle,
)
from grader.score.kinds.credit import FULL, Credit, Shares, joined, outcome_of
from grader.score.kinds.definitions import choose, judge_each, said
from grader.score.kinds.observations import facts_of
from grader.score.kinds.recognition import CellFinding, memo_key, recognise
from grader.score.kinds.troubles import Trouble

CANDIDATES = 2
"""Named where two mistakes cannot be told apart."""
FixedSize = Annotated[int, Field(ge=2, le=128)]


class CellParameters(Record):
    """What a rubric says about a cell."""

    target: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """The class."""
    family: str
    """As the oracle calls it."""
    arguments: tuple[Argument, ...] = DEFAULT_ARGUMENTS
    """What it is constructed with; `input_size` and `hidden_size` stand for the sizes."""
    outputs: tuple[str, ...] = ("h", "c")
    """What the coursework calls the tensors that a step returns."""
    credit: Shares = {}
    """Share that `named` and `unnamed` faults, or a mistake by its identifier, keep."""
    default_state: bool = False
    """True if a call without a state must equal one with zeros; else it is only mentioned."""
    attributes: tuple[str, ...] = ()
    """Attributes whose names the question's text fixes; the policy `attribute_names` says whether they must be kept."""
    without_attributes: Decimal = Field(default=Decimal("0.5"), ge=0, le=1)
    """Share that a cell keeps in which one of them is missing, where they must be kept."""
    fixed_sizes: tuple[FixedSize, FixedSize] | None = None
    """Input and hidden size, such as [20, 128], at which the step is judged where the class ignores the sizes that it
    is given; that costs nothing here. Absent: such a class raises, and fails."""

    def plan(self, oracle: Oracle) -> CellPlan:
        """How the class is probed."""
        return cell_plan(
            oracle,
            self.target,
            self.family,
            probe=f"cell.{self.target}",
            arguments=self.arguments,
            fixed_sizes=self.fixed_sizes,
        )


def _probes(rubric: Rubric, check: Check, parameters: CellParameters, oracle: Oracle | None) -> Iterable[Probe]:
    oracle = require_oracle(rubric, check, oracle)
    require_known(rubric, check, "family", parameters.family, oracle.families())
    require_mistakes(rubric, check, oracle, Credit(shares=parameters.credit).mistakes)
    return cell_probes(parameters.plan(oracle))


def _subjects(parameters: CellParameters) -> Iterable[str]:
    return [parameters.target]


ATTRIBUTE_NAMES = "attribute_names"
_POLICY = KindPolicy(
    values={
        "any": "a missing name is said and costs nothing",
        "given": "a cell in which one is missing keeps at most the share `without_attributes`",
    },
    default="any",
    text="Whether a cell must keep the attribute names that the question's text fixes; the parameter `attributes` of "
    "kind `cell` lists them. What a cell computes is judged without its names in either case.",
)


@kind(
    "cell",
    parameters=CellParameters,
    probes=_probes,
    subjects=_subjects,
    parts=("student",),
    policies={ATTRIBUTE_NAMES: _POLICY},
)
def judge_cell(context: JudgeContext, parameters: CellParameters) -> Verdict:
    """Judge one step of a cell by its derivatives and outputs.

    Looks at: outputs of a step at small random sizes, parameters and states; derivatives with respect to every
        parameter, the input and the state; fresh points; one point repeated.
    Why: the names, number, order and layout of parameters are the student's choice; what is computed is not.
    Passes: every way of writing the step that the oracle and the rubric's policies accept.
    Does not: another formula. Where the oracle knows it by name it keeps the share `named`, else `unnamed`.
    Limits: parameters have to enter by maps that are linear in them; a step that the oracle cannot read at all is
        left to a person.
    """
    oracle = cast(Oracle, context.oracle)
    plan = parameters.plan(oracle)
    part = context.evidence.part("student")

    def judge(definition: int) -> tuple[CellFinding, Verdict]:
        finding = recognise(context, plan, definition, parameters.outputs)
        missing = _missing_attributes(part.probe(plan.probe, definition), parameters.attributes)
        return finding, _verdict(context, parameters, finding, missing)

    judged = judge_each(part, parameters.target, [plan.probe], judge)
    definitions = part.definitions(parameters.target)
    place = choose(context, definitions, [(index, verdict) for index, (_, verdict) in judged])
    index, (finding, verdict) = judged[place]
    context.memo[memo_key(parameters.target)] = finding.verdict
    return replace(
        verdict,
        reason=joined([said(parameters.target, definitions, index), verdict.reason]),
        evidence=(finding.probe or plan.probe,),
    )


def _missing_attributes(run: ProbeRun | None, names: Sequence[str]) -> tuple[str, ...]:
    """Those of the names under which the constructed cell has neither a parameter nor a submodule."""
    facts = None if run is None else facts_of(run, OWNER)
    if facts is None or not facts.class_name:
        return ()
    qualified = [*(one.name for one in facts.parameters), *(one.name for one in facts.modules)]
    there = {name.split(".", 1)[0] for name in qualified}
    return tuple(name for name in names if name not in there)


def _verdict(
    context: JudgeContext, parameters: CellParameters, finding: CellFinding, missing: Sequence[str]
) -> Verdict:
    if finding.verdict is None:
        return _troubled(context, cast(Trouble, finding.trouble))
    judgement = _judgement(cast(Oracle, context.oracle), parameters, finding.verdict)
    fraction, sentences = judgement.fraction, [judgement.reason, *finding.notes]
    if finding.default_state:
        charged = parameters.default_state
        sentences.append(finding.default_state if charged else f"{finding.default_state} That costs nothing here.")
        if charged and fraction is not None:
            fraction = min(fraction, Credit(shares=parameters.credit).named)
    if missing:
        charged = context.choice(ATTRIBUTE_NAMES) == "given"
        listed = " and ".join(f"`{name}`" for name in missing)
        sentences.append(
            f"The question names the attribute{'s' if len(missing) > 1 else ''} {listed}; your `{parameters.target}` "
            f"has none of that name{'' if charged else ', which costs nothing here'}."
        )
        if charged and fraction is not None:
            fraction = min(fraction, parameters.without_attributes)
    return Verdict(
        outcome=Outcome.MANUAL if fraction is None else outcome_of(fraction),
        mark=None if fraction is None else context.check.marks * fraction,
        reason=joined(sentences),
        next_step=judgement.next_step,
        diagnosis=judgement.diagnosis,
        convention=finding.verdict.convention if finding.right else "",
        uncertain=fraction is None,
    )


def _troubled(context: JudgeContext, trouble: Trouble) -> Verdict:
    """A cell that could not be judged; one that cannot be constructed is the fault of the question it builds on."""
    outcome, reason = trouble.outcome, trouble.reason
    if trouble.stage == "construct" and outcome is Outcome.FAILED and context.question.uses:
        outcome = Outcome.BLOCKED
        reason = f"{reason} The step cannot be tried before that works (see {' and '.join(context.question.uses)})."
    decided = outcome not in (Outcome.MANUAL, Outcome.FAULT)
    return Verdict(
        outcome=outcome,
        mark=Decimal(0) if decided else None,
        reason=reason,
        next_step=trouble.next_step,
        uncertain=outcome is Outcome.MANUAL,
        flags=trouble.flags,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    fraction: Decimal | None
    """None where a person has to look."""
    reason: str
    next_step: str = ""
    diagnosis: tuple[str, ...] = ()


def _judgement(oracle: Oracle, parameters: CellParameters, verdict: CellVerdict) -> _Judgement:
    credit = Credit(shares=parameters.credit)
    named = tuple(verdict.mistakes)[:CANDIDATES]
    match verdict.status:
        case "exact" | "equivalent":
            agrees = f"The outputs of `{parameters.target}` and their derivatives agree with the definition."
            return _Judgement(fraction=FULL, reason=agrees)
        case "mistake" | "ambiguous" if named:
            texts = [oracle.describe(mistake) for mistake in named]
            either = " or ".join(f'"{text.title}"' for text in texts)
            several = f"This is one of two mistakes that cannot be told apart here: {either}."
            return _Judgement(
                fraction=min(credit.of(mistake) for mistake in named),
                reason=joined([several if len(texts) > 1 else "", texts[0].what_you_did]),
                next_step=texts[0].next_step,
                diagnosis=named,
            )
        case "unnamed":
            return _Judgement(
                fraction=credit.unnamed,
                reason=f"A step of `{parameters.target}` computes something else than was asked, at every point "
                "that was tried, and no mistake that is known by name explains it.",
                next_step="Work out one step by hand with all sizes 1 and compare every intermediate value.",
            )
        case _:
            return _Judgement(
                fraction=None,
                reason=f"How `{parameters.target}` uses its parameters was not recognised, so a person will read it. "
                "That is no sign that it is wrong."
                + (f" Seen: {'; '.join(verdict.notes[:CANDIDATES])}." if verdict.notes else ""),
            )
