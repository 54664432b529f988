"""The ways in which the runs of a function can be read, each with a verdict for every output.

A function is right if it is right in one of them: at the right results of earlier functions, at what the student's own
hold, after the student's own earlier results, as a loop of the student's own steps, or with stand-ins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch

from grader import draws
from grader.evidence import Part, ProbeRun
from grader.oracle import FunctionOracle, OutputVerdict
from grader.score.kinds.arrays_outputs import found_outputs, held, tensor_of
from grader.score.kinds.arrays_parameters import ArrayInput, ArraysParameters, Steps
from grader.score.kinds.arrays_probes import CHANGED, RESULT, carried, followed, step_result
from grader.score.kinds.base import JudgeContext
from grader.values import Value

TOLERANCE = {"float64": 1e-5, "float32": 1e-3}
"""Largest difference relative to the largest entry: rounding in float32 stays below the first, and sums of it below the
second; the smallest change that a named mistake makes is about 1e-3 of an entry, and 1e-2 in nearly all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One output in one reading; the fields mean what they mean in `grader.oracle.OutputVerdict`."""

    status: str
    """Of the oracle's, or `missing`, or `follows` where it is right after mistakes that were made before."""
    mistakes: tuple[str, ...] = ()
    note: str = ""
    far: float | None = None
    wanted: tuple[int, ...] | None = None
    found: tuple[int, ...] | None = None
    """The shape that was found."""

    @property
    def right(self) -> bool:
        return self.status in ("right", "follows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What every output is if the runs are read in one way."""

    outputs: Mapping[str, Judged]
    follows: str = ""
    """What was followed through, as a sentence; empty if nothing was."""
    stood_in: bool = False
    """True where stand-ins took the place of what the student's earlier functions make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """The runs of a function that left something to judge."""

    part: Part
    own: ProbeRun | None
    given: ProbeRun | None
    stub: ProbeRun | None

    @property
    def stopped(self) -> ProbeRun | None:
        """The run that raised on its way, if what it had computed by then is all that there is."""
        there = [run for run in (self.own, self.given) if run is not None]
        return there[0] if there and all(run.status != "done" for run in there) else None


def readings(context: JudgeContext, parameters: ArraysParameters, runs: Runs) -> Iterator[Reading]:
    """Every reading, those first in which nothing has to be followed."""
    if runs.own is not None:
        yield from _own(context, parameters, runs.part, runs.own)
    if runs.given is not None:
        inputs = inputs_of(parameters, runs.given, parameters.inputs)
        kept = " and ".join(f"`{name}`" for name in parameters.given)
        word = "" if runs.own is not None else f"It was called with {kept} of ours, since yours could not be made."
        for reading in _with_earlier(context, parameters, runs.part, runs.given, inputs):
            yield replace(reading, follows=" ".join(one for one in (word, reading.follows) if one), stood_in=True)
    if runs.stub is not None and parameters.steps is not None:
        missing = Reading(outputs=dict.fromkeys(parameters.outputs, Judged(status="unnamed")))
        reading = _as_steps(parameters, parameters.steps, runs.part, runs.stub, missing)
        yield replace(reading, follows=f"It was tried with a function of ours in place of `{parameters.steps.call}`.")


def _own(context: JudgeContext, parameters: ArraysParameters, part: Part, run: ProbeRun) -> Iterator[Reading]:
    names = [name for name in parameters.inputs if name not in parameters.in_caches]
    inputs = inputs_of(parameters, run, names)
    plain: Reading | None = None
    for reading in _with_earlier(context, parameters, part, run, inputs):
        plain = plain or reading
        yield reading
    in_cache: dict[str, torch.Tensor] = {}
    for name, layout in parameters.given.items():
        in_cache |= held(part, run.values.get(name), layout, parameters.values)
    if parameters.given and in_cache:
        said = "It is judged with what your own earlier function has put into its result."
        for reading in _with_earlier(context, parameters, part, run, inputs | _doubles(in_cache)):
            yield replace(reading, follows=" ".join([said, reading.follows]).strip())
    if parameters.steps is not None and plain is not None:
        yield _as_steps(parameters, parameters.steps, part, run, plain)


def _with_earlier(
    context: JudgeContext,
    parameters: ArraysParameters,
    part: Part,
    run: ProbeRun,
    inputs: Mapping[str, torch.Tensor],
) -> Iterator[Reading]:
    """The reading as it stands, and the one after the student's own earlier results."""
    outputs = outputs_of(parameters, part, run)
    plain = _judged(context, parameters, inputs, outputs, {})
    if plain is not None:
        yield Reading(outputs=plain)
    earlier = {name: outputs[name] for name in parameters.own if name in outputs}
    for place, one in enumerate(parameters.follows):
        earlier |= found_outputs(part, run.values.get(followed(place)), one.outputs)
    if earlier and all(torch.isfinite(value).all() for value in earlier.values()):
        after = _judged(context, parameters, inputs, outputs, _doubles(earlier))
        if after is not None:
            calls = [f"the results of your own `{one.call}`" for one in parameters.follows]
            calls += [f"your own `{shown(parameters, name)}`" for name in parameters.own]
            yield Reading(outputs=after, follows=f"It is judged after {' and '.join(calls)}.")


def shown(parameters: ArraysParameters, output: str) -> str:
    """An output as the coursework calls it."""
    return next((key for key in parameters.outputs[output].at if isinstance(key, str)), output)


def outputs_of(parameters: ArraysParameters, part: Part, run: ProbeRun) -> dict[str, torch.Tensor]:
    """The outputs of a run by name; those that are not there are left out."""
    places = {name: one.at for name, one in parameters.outputs.items()}
    found = found_outputs(part, run.values.get(RESULT), places)
    if not found and parameters.changes:
        found = found_outputs(part, run.values.get(CHANGED), places)
    return found


def inputs_of(
    parameters: ArraysParameters, run: ProbeRun, names: Mapping[str, object] | list[str]
) -> dict[str, torch.Tensor]:
    """Inputs as the agent made them, float64."""
    precision = torch.float32 if run.dtype == "float32" else torch.float64
    return {name: _input(parameters.inputs[name], run.seed, name, precision) for name in names}


def _input(one: ArrayInput, seed: str, name: str, precision: torch.dtype) -> torch.Tensor:
    if one.value is not None:
        return torch.tensor(one.value, dtype=torch.float64)
    if one.zeros:
        return torch.zeros(one.shape, dtype=torch.float64)
    if one.below is not None:
        return draws.draw_integers(seed, name, one.shape, below=one.below).to(torch.float64)
    if one.between is not None:
        low, high = one.between
        drawn = draws.draw_between(seed, name, one.shape, low=low, high=high)
    else:
        drawn = draws.draw(seed, name, one.shape, scale=one.scale)
    return drawn.to(precision).to(torch.float64)


def _judged(
    context: JudgeContext,
    parameters: ArraysParameters,
    inputs: Mapping[str, torch.Tensor],
    outputs: Mapping[str, torch.Tensor],
    earlier: Mapping[str, torch.Tensor],
) -> dict[str, Judged] | None:
    """What the oracle says; None where the inputs, as read from a student's cache, do not fit together."""
    oracle = cast(FunctionOracle, context.oracle)
    tolerance = tolerance_of(outputs)
    try:
        verdicts = oracle.judge_function(parameters.function, inputs, _doubles(outputs), earlier, tolerance)
    except ValueError:
        return None
    return {name: _one(verdicts.get(name), outputs.get(name)) for name in parameters.outputs}


def tolerance_of(outputs: Mapping[str, torch.Tensor]) -> float:
    """What rounding may change, by the coarsest output."""
    coarse = any(value.is_floating_point() and value.dtype != torch.float64 for value in outputs.values())
    return TOLERANCE["float32" if coarse else "float64"]


def _one(verdict: OutputVerdict | None, value: torch.Tensor | None) -> Judged:
    if verdict is None or value is None:
        return Judged(status="missing")
    return Judged(
        status=verdict.status,
        mistakes=tuple(verdict.mistakes),
        note=verdict.note,
        far=verdict.far,
        wanted=verdict.wanted,
        found=tuple(value.shape),
    )


def _doubles(values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value.to(torch.float64) for name, value in values.items()}


def _as_steps(parameters: ArraysParameters, steps: Steps, part: Part, run: ProbeRun, plain: Reading) -> Reading:
    """Outputs that the student's own steps give when they are called one after the other, whatever a step computes."""
    outputs = outputs_of(parameters, part, run)
    tolerance = tolerance_of(outputs)
    judged = dict(plain.outputs)
    for name, value in outputs.items():
        wanted = _of_steps(steps, part, run, name)
        if wanted is not None and _close(value, wanted, tolerance) and not judged[name].right:
            judged[name] = Judged(status="follows")
    return Reading(outputs=judged, follows=f"It is judged with what your own `{steps.call}` computes.")


def _of_steps(steps: Steps, part: Part, run: ProbeRun, output: str) -> torch.Tensor | None:
    """An output put together of the recorded steps; None where one of them is missing."""
    if output in steps.last:
        return tensor_of(part, run.values.get(carried(steps.last[output], steps.times)))
    keys = steps.each.get(output) or steps.total.get(output)
    if keys is None:
        return None
    found: list[torch.Tensor] = []
    for number in range(steps.times):
        value: Value | None = run.values.get(step_result(number))
        one = found_outputs(part, value, {output: keys, "": ()}).get(output)
        if one is None or (found and one.shape != found[0].shape):
            return None
        found.append(one.to(torch.float64))
    return torch.stack(found, dim=-1) if output in steps.each else torch.stack(found).sum(dim=0)


def _close(value: torch.Tensor, wanted: torch.Tensor, tolerance: float) -> bool:
    if value.shape != wanted.shape or not bool(torch.isfinite(wanted).all()):
        return False
    largest = float(wanted.abs().max()) if wanted.numel() else 0.0
    return bool(((value.to(torch.float64) - wanted).abs() <= tolerance * max(largest, 1e-9)).all())
