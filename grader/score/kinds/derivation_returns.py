"""What the calls of a student's function came to: the best of the ways to call it, and a name for what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.evidence import Part, ProbeRun
from grader.oracle import Oracle, Tensors
from grader.score.derivations.answers import Answer
from grader.score.derivations.arrays import ShapeError
from grader.score.derivations.comparing import POINTS, Judge, evaluated, same, shape_of_right
from grader.score.derivations.frames import Options, TooCostlyError, ValueMissingError
from grader.score.derivations.returned import Point, Seen, compared, laid_out, within
from grader.score.derivations.scene import Numbers, Scene
from grader.score.kinds.arrays_outputs import found_outputs
from grader.score.kinds.derivation_calls import Way, called, scene_of, ways_of
from grader.score.kinds.derivation_naming import Named, named_by_oracle, oracle_scene, worded
from grader.score.kinds.derivation_parameters import DerivationParameters
from grader.score.kinds.derivation_shares import function_of, wrong_slope

_GRADIENT = "gradient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """One way to call a function, and what came back."""

    run: ProbeRun
    probe: str
    points: dict[bool, list[Point]]
    """Whether every size is 1 -> the calls; none where one of them returned no numbers, or was not reached."""
    seen: Seen


def best_ways(parameters: DerivationParameters, judge: Judge, part: Part) -> list[Returned]:
    """The ways to call with which most is right, in order; empty if none returned numbers at size one.

    There may be several: a mistake may show by its name only where vectors have the axes that the student had in mind.

    Args:
        parameters: of the check.
        judge: with its points.
        part: the student's.
    """
    found: list[Returned] = []
    for way in ways_of(parameters, judge):
        run = part.probe(way.probe(parameters))
        if run is None or run.status not in ("done", "raised"):
            continue
        one = _returned(parameters, judge, part, way, run)
        if one.seen.matrices:
            return [one]
        if one.points[True]:
            found.append(one)
    most = max((_rank(one) for one in found), default=None)
    return [one for one in found if _rank(one) == most]


def _rank(one: Returned) -> tuple[tuple[bool, bool], bool]:
    return one.seen.worth, bool(one.points[False])


def _returned(parameters: DerivationParameters, judge: Judge, part: Part, way: Way, run: ProbeRun) -> Returned:
    points: dict[bool, list[Point]] = {}
    for size_one in (True, False):
        values = [_value(parameters, part, run, size_one, point) for point in range(POINTS)]
        points[size_one] = [
            Point(scene=scene_of(parameters, judge, way, run, size_one=size_one, point=place), value=value)
            for place, value in enumerate(values)
            if value is not None
        ]
        if len(points[size_one]) < POINTS:
            points[size_one] = []
    seen = compared(points, judge.scopes, any_layout=judge.any_layout, precision=run.dtype)
    return Returned(run=run, probe=way.probe(parameters), points=points, seen=seen)


def _value(
    parameters: DerivationParameters, part: Part, run: ProbeRun, size_one: bool, point: int | str
) -> Tensor | None:
    value = run.values.get(called(size_one, point))
    found = found_outputs(part, value, {_GRADIENT: parameters.returned}).get(_GRADIENT)
    return None if found is None or not found.numel() else found


# ---------------------------------------------------------------------------------------------------- names


def with_wrong_slope(parameters: DerivationParameters, judge: Judge, found: Returned) -> tuple[str, Seen] | None:
    """The shared slope, by its name, with which more of what came back is right; None if there is none."""
    best: tuple[str, Seen] | None = None
    for shared in parameters.shares:
        function = function_of(judge, shared)
        for name, text in shared.wrong.items():
            slopes = {function: wrong_slope(judge, function, text)}
            seen = compared(
                found.points, judge.scopes, any_layout=judge.any_layout, precision=found.run.dtype, slopes=slopes
            )
            if seen.worth > (best[1].worth if best else found.seen.worth):
                best = name, seen
    return best


def name_of(
    parameters: DerivationParameters, judge: Judge, part: Part, found: Returned, oracle: Oracle | None
) -> Named | None:
    """The mistake that explains what came back: the rubric's own, else the oracle's."""
    own = _by_rubric(parameters, judge, found)
    if own is not None:
        return own if own.says or oracle is None else worded(oracle, own.ids)
    by = parameters.named_by
    if by is None:
        return None

    def values(scope: str, inputs: Tensors, size_one: bool) -> Iterator[Tensor]:
        value = _value(parameters, part, found.run, size_one, scope)
        if value is None or not bool(value.isfinite().all()):
            return
        zero = torch.zeros_like(oracle_scene(judge.setting, by, inputs, size_one=size_one).right())
        matrix = zero if bool((value == 0).all()) else _as_matrix(value, zero)
        yield matrix
        if judge.any_layout:
            yield matrix.mT

    return named_by_oracle(parameters, oracle, values, {})


def _as_matrix(value: Tensor, like: Tensor) -> Tensor:
    """A value with two axes: as what is asked for, if it may be meant so, else vectors as columns."""
    fitting = next(laid_out(value, like, any_layout=False), None)
    if fitting is not None:
        return fitting[0]
    value = value.to(torch.float64)
    return value.reshape(-1, 1) if value.dim() < 2 else value.reshape(-1, value.shape[-1])


def _by_rubric(parameters: DerivationParameters, judge: Judge, found: Returned) -> Named | None:
    for size_one in (False, True):
        if not found.points[size_one] or (size_one and found.seen.calculus):
            continue
        for name, wrong in parameters.wrong.items():
            if any(
                not _gives(parameters, judge, name, one, size_one, found.run.dtype) for one in found.points[size_one]
            ):
                continue
            return Named(ids=(name,), says=wrong.says, next_step=wrong.next_step)
    return None


def _gives(
    parameters: DerivationParameters, judge: Judge, name: str, point: Point, size_one: bool, precision: str
) -> bool:
    """True if a wrong answer of the rubric's has this value at this point."""
    near = within(point.value, precision)
    for answer in parameters.wrong_answers(judge.setting, name):
        for options in judge.options(answer):
            theirs = _evaluated(judge, point.scene, answer, replace(options, forgiving=size_one))
            if theirs is None:
                continue
            if any(same(mine, theirs, near) for mine, _ in laid_out(point.value, theirs, any_layout=judge.any_layout)):
                return True
    return False


def _evaluated(judge: Judge, scene: Scene, answer: Answer, options: Options) -> Tensor | None:
    try:
        return evaluated(answer, None, Numbers(scene), options, judge.budget, shape_of_right)
    except (ShapeError, ValueMissingError, TooCostlyError):
        return None
