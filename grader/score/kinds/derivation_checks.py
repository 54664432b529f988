"""What is looked at when a rubric with a derivation is loaded: its lines, its wrong answers, and what it calls."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from grader.errors import RubricError
from grader.oracle import GradientOracle, Oracle
from grader.probes import Probe
from grader.rubric import Check, Rubric
from grader.score.derivations.comparing import Judge, NoValue
from grader.score.derivations.frames import TooCostlyError, ValueMissingError
from grader.score.derivations.functions import argument_of
from grader.score.derivations.signs import ReadingError
from grader.score.kinds.cell_probes import require_known, require_mistakes
from grader.score.kinds.credit import Credit
from grader.score.kinds.derivation_calls import call_probes, require_enough
from grader.score.kinds.derivation_naming import oracle_scene
from grader.score.kinds.derivation_own_lines import with_other_lines
from grader.score.kinds.derivation_parameters import DerivationParameters
from grader.score.kinds.derivation_shares import function_of, wrong_slope

_SEED = "derivation"


def judge_of(parameters: DerivationParameters) -> Judge:
    """The judge of a check, with its points yet to be drawn."""
    return Judge(
        setting=parameters.read(),
        seed=_SEED,
        scopes=parameters.scopes,
        any_layout=parameters.layout == "any",
    )


def checked_probes(
    rubric: Rubric, check: Check, parameters: DerivationParameters, oracle: Oracle | None
) -> Iterable[Probe]:
    """The probes of a check that can be used.

    Raises:
        RubricError: if it cannot.
    """
    where = f"{rubric.folder / 'rubric.yaml'}:{check.line}"
    probes: tuple[Probe, ...] = ()
    try:
        judge = judge_of(parameters)
        _require_values(judge, parameters)
        if oracle is not None:
            shared = [name for one in parameters.shares for name in one.wrong]
            known = {*parameters.wrong, *shared}
            others = [name for name in Credit(shares=parameters.credit).mistakes if name not in known]
            require_mistakes(rubric, check, oracle, others)
            unsaid = [name for name, wrong in parameters.wrong.items() if not wrong.says]
            require_mistakes(rubric, check, oracle, [*unsaid, *shared])
        if parameters.named_by is not None and isinstance(oracle, GradientOracle):
            items = oracle.gradient_items()
            require_known(rubric, check, "family", parameters.named_by.family, tuple(items))
            require_known(rubric, check, "item", parameters.named_by.item, items[parameters.named_by.family])
            _require_same_gradient(judge, parameters, oracle)
        if parameters.function:
            require_enough(parameters, judge)
            probes = tuple(call_probes(parameters, judge, oracle))
        other = with_other_lines(parameters)
        if other is not None:
            _require_values(judge_of(other), other)
            if isinstance(oracle, GradientOracle):
                _require_same_gradient(judge_of(other), other, oracle)
    except ReadingError as error:
        raise _bad(where, f"{error.why}, at character {error.position + 1}") from error
    except (ValueMissingError, TooCostlyError, ValueError) as error:
        raise _bad(where, str(error) or "the forward lines take too many steps") from error
    return probes


def _bad(where: str, why: str) -> RubricError:
    return RubricError(
        "rubric-bad-derivation",
        f"the derivation cannot be used: {why}",
        where=where,
        next_step="look at `setting`, `wrong`, `shares` and `named_by`; docs/rubrics.md has an example",
    )


def _require_values(judge: Judge, parameters: DerivationParameters) -> None:
    """Every right value is there and not zero, no wrong answer is right, and every shared slope can be used."""
    for size_one in (True, False):
        for local in judge.scopes:
            if float(judge.right(size_one, local, 0).abs().max()) == 0:
                raise ValueError(f"the {'local' if local else 'total'} gradient is zero")
    for name in parameters.wrong:
        found = judge.best(parameters.wrong_answers(judge.setting, name))
        if isinstance(found, NoValue) or found.matrices:
            raise ValueError(f"wrong.{name}: {found.why if isinstance(found, NoValue) else 'it is right'}")
    for one in parameters.shares:
        function = function_of(judge, one)
        for text in one.wrong.values():
            point = torch.full((1, 1), 0.5, dtype=torch.float64)
            wrong_slope(judge, function, text)(argument_of(function, point), point)


def _require_same_gradient(judge: Judge, parameters: DerivationParameters, oracle: GradientOracle) -> None:
    """The oracle means the same derivative: at its point its right value is that of the rubric's forward lines."""
    by = parameters.named_by
    if by is None:
        return
    for local in judge.scopes:
        options = {**by.options, "scope": "local" if local else "total"}
        inputs = oracle.gradient_inputs(by.family, options, size_one=False)
        if inputs is None:
            continue
        scene = oracle_scene(judge.setting, by, inputs, size_one=False).varied(local=local)
        verdict = oracle.name_gradient(by.family, by.item, scene.right(), options, size_one=False, slopes={})
        if not verdict.right:
            raise ValueError(f"{by.family}/{by.item} is another gradient than that of the forward lines")


def parts_for(parameters: DerivationParameters) -> tuple[str, ...]:
    """The evidence that a function needs; a formula needs none."""
    return ("student",) if parameters.function else ()
