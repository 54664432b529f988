"""Kind `sequence`: a class that reads a sequence with a cell of its own inside and gives scores after the last step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from grader.errors import RubricError
from grader.oracle import CellVerdict, Oracle, SequenceOracle
from grader.probes import Probe
from grader.records import Outcome
from grader.rubric import Check, Rubric
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.cell_probes import require_known, require_mistakes, require_oracle
from grader.score.kinds.credit import joined, outcome_of
from grader.score.kinds.definitions import choose, judge_each, said
from grader.score.kinds.sequence_observation import sequence_observation
from grader.score.kinds.sequence_probes import Form, SequenceParameters, sequence_probes
from grader.score.kinds.troubles import Trouble, trouble_of

NAMED = 3
"""Mistakes that are told at most."""


def _asked(rubric: Rubric, check: Check, oracle: Oracle | None) -> SequenceOracle:
    found = require_oracle(rubric, check, oracle)
    if not isinstance(found, SequenceOracle):
        raise RubricError(
            "rubric-unknown-to-oracle",
            "the oracle knows no models that keep their cell inside",
            where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
            next_step="name an oracle that does, or write a test",
        )
    return found


def _probes(rubric: Rubric, check: Check, parameters: SequenceParameters, oracle: Oracle | None) -> Iterable[Probe]:
    asked = _asked(rubric, check, oracle)
    require_known(rubric, check, "family", parameters.family, asked.sequence_families())
    require_mistakes(rubric, check, require_oracle(rubric, check, oracle), parameters.keeps.mistakes)
    return list(sequence_probes(parameters))


def _subjects(parameters: SequenceParameters) -> Iterable[str]:
    return [parameters.target]


@kind("sequence", parameters=SequenceParameters, probes=_probes, subjects=_subjects, parts=("student",))
def judge_sequence(context: JudgeContext, parameters: SequenceParameters) -> Verdict:
    """Judge a model that reads a sequence with a cell of its own inside.

    Looks at: scores of fresh models of several lengths, all with the same random parameters, and their derivatives by
        every parameter; each call made twice.
    Why: where the cell is part of the model no step of it can be called; what the last layer reads can be worked out
        from the derivatives of the scores, and what each parameter multiplies from those of the first steps.
    Passes: every way of writing the step and the loop that the oracle accepts: parameters joined or apart, either way
        round, in any order and under any names, the batch first or last, numbers or one-hot vectors.
    Does not: another step, another loop, something else that the last layer reads or does, a state that is kept from
        one call to the next. Each mistake that is named costs what is not in its share; several add up.
    Limits: one layer, a zero state at the start and a linear last layer. What is not recognised is left to a person.
    """
    part = context.evidence.part("student")
    probes = [parameters.probe_of(form) for form in parameters.forms]
    judged = judge_each(part, parameters.target, probes, lambda index: _judge(context, parameters, index))
    definitions = part.definitions(parameters.target)
    index, verdict = judged[choose(context, definitions, judged)]
    return replace(verdict, reason=joined([said(parameters.target, definitions, index), verdict.reason]))


def _judge(context: JudgeContext, parameters: SequenceParameters, definition: int) -> Verdict:
    part = context.evidence.part("student")
    troubles: list[Trouble] = []
    for form in parameters.forms:
        probe = parameters.probe_of(form)
        run = part.probe(probe, definition)
        trouble = trouble_of(context, run, parameters.target)
        if run is None or trouble is not None:
            troubles += [trouble] if trouble is not None else []
            continue
        observed = sequence_observation(part, run, parameters, form)
        if isinstance(observed, Trouble):
            troubles.insert(0, observed)
            continue
        oracle = context.oracle
        if not isinstance(oracle, SequenceOracle):
            raise TypeError("the oracle knows no models that keep their cell inside")
        verdict = oracle.recognise_sequence(parameters.family, observed, context.rubric.policies)
        return replace(_said(context, parameters, verdict, form), evidence=(probe,))
    return replace(_troubled(troubles[0]), evidence=(parameters.probe_of(parameters.forms[0]),))


def _troubled(trouble: Trouble) -> Verdict:
    decided = trouble.outcome not in (Outcome.MANUAL, Outcome.FAULT)
    return Verdict(
        outcome=trouble.outcome,
        mark=Decimal(0) if decided else None,
        reason=trouble.reason,
        next_step=trouble.next_step,
        uncertain=trouble.outcome is Outcome.MANUAL,
        flags=trouble.flags,
    )


def _said(context: JudgeContext, parameters: SequenceParameters, verdict: CellVerdict, form: Form) -> Verdict:
    """A verdict of the oracle as one on the check."""
    named = tuple(verdict.mistakes)[:NAMED]
    given = {"digits": "one-hot vectors made by the model", "one-hot": "one-hot vectors"}.get(form, "")
    convention = "; ".join(words for words in (verdict.convention, given) if words)
    if verdict.status in ("exact", "equivalent"):
        return Verdict(
            outcome=Outcome.PASSED,
            mark=context.check.marks,
            reason=f"The scores of `{parameters.target}` and all their derivatives agree with the definition.",
            convention=convention,
        )
    if verdict.status not in ("mistake", "ambiguous") or not named or context.oracle is None:
        seen = f" Seen: {'; '.join(tuple(verdict.notes)[:NAMED])}." if verdict.notes else ""
        return Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            reason=f"How `{parameters.target}` uses its parameters was not recognised, so a person will read it. "
            f"That is no sign that it is wrong.{seen}",
            uncertain=True,
        )
    texts = [context.oracle.describe(mistake) for mistake in named]
    if verdict.status == "ambiguous":
        share = min(parameters.keeps.of(mistake) for mistake in named)
        either = " or ".join(f'"{text.title}"' for text in texts)
        reason = f"This is one of several mistakes that cannot be told apart here: {either}. {texts[0].what_you_did}"
    else:
        share = parameters.share(named)
        reason = joined(text.what_you_did for text in texts)
    return Verdict(
        outcome=outcome_of(share),
        mark=context.check.marks * share,
        reason=reason,
        next_step=texts[0].next_step,
        diagnosis=named,
        convention=convention if share >= 1 else "",
    )
