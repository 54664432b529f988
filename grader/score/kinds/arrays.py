"""Kind `arrays`: a function on arrays, each of its outputs apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import cast

from grader.errors import RubricError
from grader.evidence import Part, ProbeRun
from grader.oracle import FunctionOracle, Oracle
from grader.probes import Probe
from grader.records import Outcome
from grader.rubric import Check, Rubric
from grader.score.kinds.arrays_parameters import ArraysParameters
from grader.score.kinds.arrays_probes import RESULT, arrays_probes, given_probe, own_probe, stub_probe
from grader.score.kinds.arrays_readings import Reading, Runs, readings
from grader.score.kinds.arrays_words import next_step_of, reason_of
from grader.score.kinds.base import JudgeContext, Verdict, kind
from grader.score.kinds.cell_probes import require_known, require_mistakes, require_oracle
from grader.score.kinds.credit import FULL, Credit, joined, outcome_of
from grader.score.kinds.definitions import choose, judge_each, said
from grader.score.kinds.troubles import Trouble, trouble_of

_BY_THEN = "What it had computed by then, under the names that it should return, is judged all the same."


def _probes(rubric: Rubric, check: Check, parameters: ArraysParameters, oracle: Oracle | None) -> Iterable[Probe]:
    oracle = require_oracle(rubric, check, oracle)
    known = oracle.functions() if isinstance(oracle, FunctionOracle) else ()
    require_known(rubric, check, "function", parameters.function, tuple(known))
    require_mistakes(rubric, check, oracle, Credit(shares=parameters.credit).mistakes)
    functions = cast(FunctionOracle, oracle)
    complaint = functions.complaint_about(parameters.function, list(parameters.inputs), list(parameters.outputs))
    if complaint:
        raise RubricError(
            "rubric-function-mismatch",
            f'the function "{parameters.function}" does not fit: {complaint}',
            where=f"{rubric.folder / 'rubric.yaml'}:{check.line}",
            next_step="docs/kinds.md lists all functions with their inputs and outputs",
        )
    return arrays_probes(parameters)


def _subjects(parameters: ArraysParameters) -> Iterable[str]:
    return [parameters.target]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """A reading with what it is worth."""

    reading: Reading
    shares: Mapping[str, Decimal]
    """What each output keeps of its own marks."""
    spared: Mapping[str, str]
    """Output -> the mistake that an earlier question has charged."""
    fraction: Decimal


@kind("arrays", parameters=ArraysParameters, probes=_probes, subjects=_subjects, parts=("student",))
def judge_arrays(context: JudgeContext, parameters: ArraysParameters) -> Verdict:
    """Judge a function on arrays, each of its outputs apart.

    Looks at: what the function returns, or changes in place, for drawn arrays; with what the student's own earlier
        functions make, and with stand-ins for it.
    Why: a gradient that is wrong costs its own marks, whatever the others are; and a mistake that was made earlier is
        charged there.
    Passes: an output that is right at the inputs, or after the student's own earlier results; in a tuple or dictionary,
        float64 or float32, with axes of length 1 left out or put in. Of a function that raises, the outputs that it
        had computed by then, in variables or dictionaries of its own of the same names.
    Does not: another output. One that is known by name keeps the share `named`, others `unnamed`; a mistake that a
        question in `uses` has charged costs nothing again. A function that draws at random is called `times` times,
        and its draws have to follow the right distribution.
    Limits: where nothing but stand-ins can be tried and an output is wrong without a name, a person looks.
    """
    part = context.evidence.part("student")
    ids = [own_probe(parameters), given_probe(parameters)]
    judged = judge_each(part, parameters.target, ids, lambda index: _of_definition(context, parameters, part, index))
    definitions = part.definitions(parameters.target)
    place = choose(context, definitions, [(index, verdict) for index, (verdict, _) in judged])
    index, (verdict, charged) = judged[place]
    context.memo[_memo_key(context.question.id)] = (
        context.memo.get(_memo_key(context.question.id), frozenset()) | charged
    )
    return replace(verdict, reason=joined([said(parameters.target, definitions, index), verdict.reason]))


def _memo_key(question: str) -> str:
    return f"arrays.charged:{question}"


def _of_definition(
    context: JudgeContext, parameters: ArraysParameters, part: Part, index: int
) -> tuple[Verdict, frozenset[str]]:
    """The verdict on one definition, and the mistakes that it was charged for."""
    own = part.probe(own_probe(parameters), index)
    given = part.probe(given_probe(parameters), index) if parameters.given else None
    stub = part.probe(stub_probe(parameters), index) if parameters.steps else None
    kept = _left if _done(own) is None and _done(given) is None else _done
    runs = Runs(part=part, own=kept(own), given=kept(given), stub=_done(stub))
    weighed = [_weigh(context, parameters, reading) for reading in readings(context, parameters, runs)]
    looked_at = own_probe(parameters) if runs.own is not None or given is None else given_probe(parameters)
    if not weighed:
        trouble = cast(Trouble, trouble_of(context, given if given is not None else own, parameters.target))
        return _troubled(trouble, looked_at), frozenset()
    best = max(weighed, key=_worth)  # the first of equals: where the least had to be followed
    if runs.stopped is not None:
        trouble = cast(Trouble, trouble_of(context, runs.stopped, parameters.target))
        if not best.fraction and not _charged(best):
            return _troubled(trouble, looked_at), frozenset()
        verdict = _verdict(context, parameters, best, looked_at, stopped=True)
        return replace(verdict, reason=joined([trouble.reason, _BY_THEN, verdict.reason])), _charged(best)
    if best.reading.stood_in and runs.own is None and _unexplained(best.reading):
        verdict = Verdict(
            outcome=Outcome.MANUAL,
            mark=None,
            uncertain=True,
            reason=f"{best.reading.follows} With these its results are not the right ones; a person will look at it.",
        )
        return replace(verdict, evidence=(looked_at,)), frozenset()
    return _verdict(context, parameters, best, looked_at), _charged(best)


def _worth(one: _Weighed) -> tuple[Decimal, int]:
    """By marks, then by how much is right without being spared."""
    return one.fraction, sum(output.right for output in one.reading.outputs.values())


def _done(run: ProbeRun | None) -> ProbeRun | None:
    return run if run is not None and run.status == "done" else None


def _left(run: ProbeRun | None) -> ProbeRun | None:
    """The run if it raised after some of the outputs had been computed."""
    return run if run is not None and run.status == "raised" and RESULT in run.values else None


def _unexplained(reading: Reading) -> bool:
    return any(one.status == "unnamed" and one.wanted is None for one in reading.outputs.values())


def _weigh(context: JudgeContext, parameters: ArraysParameters, reading: Reading) -> _Weighed:
    credit = Credit(shares=parameters.credit)
    before: set[str] = set()
    for question in context.question.uses:
        before |= context.memo.get(_memo_key(question), frozenset())
    shares, spared = {}, {}
    for name, one in reading.outputs.items():
        known = [mistake for mistake in one.mistakes if mistake in before]
        if one.right:
            shares[name] = FULL
        elif known:
            shares[name], spared[name] = FULL, known[0]
        elif one.mistakes:
            shares[name] = max(credit.of(mistake) for mistake in one.mistakes)
        else:
            shares[name] = credit.unnamed if one.status == "unnamed" else Decimal(0)
    whole = sum((parameters.outputs[name].share for name in shares), Decimal(0))
    earned = sum((parameters.outputs[name].share * share for name, share in shares.items()), Decimal(0))
    return _Weighed(reading=reading, shares=shares, spared=spared, fraction=earned / whole)


def _charged(best: _Weighed) -> frozenset[str]:
    return frozenset(
        mistake for name, one in best.reading.outputs.items() if best.shares[name] < FULL for mistake in one.mistakes
    )


def _verdict(
    context: JudgeContext, parameters: ArraysParameters, best: _Weighed, looked_at: str, *, stopped: bool = False
) -> Verdict:
    reading = best.reading
    diagnosis = tuple(dict.fromkeys(mistake for one in reading.outputs.values() for mistake in one.mistakes[:2]))
    return Verdict(
        outcome=outcome_of(best.fraction),
        mark=context.check.marks * best.fraction,
        reason=reason_of(context, parameters, reading, best.spared, stopped=stopped),
        next_step="" if best.fraction >= FULL else next_step_of(context, reading, best.spared),
        diagnosis=tuple(name for name in diagnosis if name not in best.spared.values()),
        follow_through=bool(reading.follows or best.spared),
        evidence=(looked_at,),
    )


def _troubled(trouble: Trouble, looked_at: str) -> Verdict:
    decided = trouble.outcome not in (Outcome.MANUAL, Outcome.FAULT)
    return Verdict(
        outcome=trouble.outcome,
        mark=Decimal(0) if decided else None,
        reason=trouble.reason,
        next_step=trouble.next_step,
        uncertain=trouble.outcome is Outcome.MANUAL,
        flags=trouble.flags,
        evidence=(looked_at,),
    )
