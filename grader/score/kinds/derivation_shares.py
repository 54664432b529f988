"""A slip in a slope that several answers use is charged once: the right values are computed anew with that slope.

A student may state the slope, or only use it; for the second the rubric gives the wrong slopes that are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from grader.score.derivations.answers import Answer
from grader.score.derivations.comparing import Finding, Judge, NoValue
from grader.score.derivations.evaluation import Evaluation
from grader.score.derivations.frames import Budget, Definition, TooCostlyError, ValueMissingError
from grader.score.derivations.functions import Slope, applied, shareable, slope_of
from grader.score.derivations.names import BUILT_IN, Declared, Names
from grader.score.derivations.reading import read_side
from grader.score.derivations.scene import Numbers
from grader.score.derivations.signs import prepared, tokens_of
from grader.score.derivations.tree import Applied, Symbol
from grader.score.kinds.base import JudgeContext
from grader.score.kinds.derivation_parameters import DerivationParameters, SharedSlope

MOST_SLOPE_STEPS = 100_000
"""Of all evaluations of one slope."""
_MEMO = "derivations: what was charged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An answer that is judged with another slope."""

    finding: Finding
    judge: Judge
    slopes: dict[str, Slope]
    mistake: str
    """The slope's name; empty where the student's own line has none."""
    function: str


def followed(parameters: DerivationParameters, judge: Judge, answers: list[Answer], base: Finding) -> Followed | None:
    """The best that the answers are worth with a shared slope that is wrong; None if that is no better."""
    best: Followed | None = None
    for shared in parameters.shares:
        function = function_of(judge, shared)
        for mistake, slope in _slopes(judge, shared, function, answers):
            other = judge.with_slopes({function: slope})
            try:
                finding = other.best(answers)
            except TooCostlyError:
                return best
            if isinstance(finding, NoValue) or finding.worth <= (best.finding.worth if best else base.worth):
                continue
            best = Followed(finding=finding, judge=other, slopes={function: slope}, mistake=mistake, function=function)
            if finding.matrices:
                return best
    return best


def function_of(judge: Judge, shared: SharedSlope) -> str:
    """What the shared function computes."""
    name = tokens_of(prepared(shared.function), judge.setting.names.words)[0].text
    return judge.setting.names.functions[name]


def wrong_slope(judge: Judge, function: str, text: str) -> Slope:
    """A slope that the rubric writes in `s` and `a`.

    Raises:
        ReadingError: if it cannot be read.
        ValueError: if the function's slope cannot be told from its value.
    """
    if not shareable(function):
        raise ValueError(f"the slope of {function} cannot be shared")
    names = Names(symbols={key: Declared(key=key) for key in ("s", "a")}, functions=BUILT_IN)
    body = read_side(tokens_of(prepared(text)), names)
    value = Definition(Symbol("s"), Applied(function, False, Symbol("a")))
    evaluation = Evaluation(_NoSymbols(judge.scene(True, False, 0)), [value], Budget(MOST_SLOPE_STEPS))
    return evaluation.own_slope(Definition(Applied(function, True, Symbol("a")), body), function)


class _NoSymbols(Numbers):
    """Nothing of the setting: what a rubric calls `s` and `a` in a slope is not what the setting may call so."""

    def value(self, key: str, time: int | None) -> None:
        """None: every symbol is unknown."""
        return


def _slopes(judge: Judge, shared: SharedSlope, function: str, answers: list[Answer]) -> Iterator[tuple[str, Slope]]:
    """Wrong slopes, with their names: the student's own line first."""
    known = {name: wrong_slope(judge, function, text) for name, text in shared.wrong.items()}
    for answer in answers[:1]:
        for line in answer.definitions:
            if isinstance(line.pattern, Applied) and line.pattern.function == function:
                own = _evaluation(judge, answer.definitions).own_slope(line, function)
                if not _agree(own, lambda _, value: slope_of(function, value), function):
                    yield next((name for name, slope in known.items() if _agree(own, slope, function)), ""), own
    yield from known.items()


def _evaluation(judge: Judge, definitions: Sequence[Definition]) -> Evaluation:
    return Evaluation(Numbers(judge.scene(True, False, 0)), definitions, Budget(MOST_SLOPE_STEPS))


def _agree(one: Slope, other: Slope, function: str) -> bool:
    points = torch.tensor([[-1.3], [-0.2], [0.4], [1.7]], dtype=torch.float64)
    values = applied(function, points, 0)
    try:
        first, second = one(points, values), other(points, values)
    except (ValueMissingError, TooCostlyError, ValueError):
        return False
    return first.shape == second.shape and bool(torch.allclose(first, second, atol=1e-9))


# ---------------------------------------------------------------------------------------------------- charged once


def charged_before(context: JudgeContext, mistake: str) -> str | None:
    """The question that was charged for a mistake, if it is this one, by another check, or one that it uses."""
    charged: dict[str, list[tuple[str, str]]] = context.memo.get(_MEMO, {})
    mine = (context.question.id, context.check.id)
    for question, check in charged.get(mistake, ()):
        if (question, check) != mine and question in (context.question.id, *context.question.uses):
            return question
    return None


def charge(context: JudgeContext, mistakes: tuple[str, ...]) -> None:
    """Remember that this check was charged for mistakes."""
    charged: dict[str, list[tuple[str, str]]] = context.memo.setdefault(_MEMO, {})
    for mistake in mistakes:
        place = (context.question.id, context.check.id)
        if place not in charged.setdefault(mistake, []):
            charged[mistake].append(place)
