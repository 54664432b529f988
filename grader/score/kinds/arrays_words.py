"""What a page says about a function on arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from grader.oracle import Oracle
from grader.score.kinds.arrays_parameters import ArraysParameters
from grader.score.kinds.arrays_readings import Judged, Reading, shown
from grader.score.kinds.base import JudgeContext
from grader.score.kinds.credit import joined, told


def reason_of(
    context: JudgeContext,
    parameters: ArraysParameters,
    reading: Reading,
    spared: Mapping[str, str],
    *,
    stopped: bool = False,
) -> str:
    """What was found, mistake by mistake; of a function that was stopped by an error, as far as it came."""
    outputs = reading.outputs
    right = [name for name, one in outputs.items() if one.right]
    sentences: list[str] = []
    if len(right) == len(outputs):
        sentences.append(f"`{parameters.target}` computes what was asked for.")
    elif right:
        sentences.append(f"Right: {_listed(parameters, right)}.")
    sentences += _of_mistakes(context, parameters, outputs, spared)
    sentences += [_unnamed(context, parameters, name, one) for name, one in outputs.items() if not one.right]
    missing = [name for name, one in outputs.items() if one.status == "missing"]
    if missing:
        where = "Not computed by then" if stopped else f"Not found in what `{parameters.target}` returns"
        sentences.append(f"{where}: {_listed(parameters, missing)}.")
    sentences += [f"{_listed(parameters, [name])}: {one.note}" for name, one in outputs.items() if one.note]
    return joined([*sentences, reading.follows])


def _of_mistakes(
    context: JudgeContext,
    parameters: ArraysParameters,
    outputs: Mapping[str, Judged],
    spared: Mapping[str, str],
) -> Iterable[str]:
    oracle = cast(Oracle, context.oracle)
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, one in outputs.items():
        if one.mistakes and not one.right:
            groups.setdefault((spared[name],) if name in spared else one.mistakes[:2], []).append(name)
    for mistakes, names in groups.items():
        if context.question.show in ("misconception", "gap"):
            said = " Or: ".join(told(oracle, mistake) for mistake in mistakes)
        else:
            said = "not the right result."
        earlier = " This was charged in an earlier question." if names[0] in spared else ""
        yield f"{_listed(parameters, names)}: {said}{earlier}"


def _unnamed(context: JudgeContext, parameters: ArraysParameters, name: str, one: Judged) -> str:
    if one.mistakes or one.status == "missing":
        return ""
    output = _listed(parameters, [name])
    if context.question.show == "gap" and one.wanted is not None:
        return f"{output} has shape {one.found}; it should be {one.wanted}."
    if context.question.show == "gap" and one.far is not None:
        return f"{output} is not the right result: it differs by {one.far:.2g} times the largest entry."
    return f"{output} is not the right result."


def next_step_of(context: JudgeContext, reading: Reading, spared: Mapping[str, str]) -> str:
    """An experiment that shows the first mistake."""
    oracle = cast(Oracle, context.oracle)
    for name, one in reading.outputs.items():
        if one.mistakes and name not in spared:
            return oracle.describe(one.mistakes[0]).next_step
    return "Compute one small case by hand, or compare with a difference quotient."


def _listed(parameters: ArraysParameters, names: Iterable[str]) -> str:
    """Outputs as the coursework calls them."""
    return ", ".join(f"`{shown(parameters, name)}`" for name in names)
