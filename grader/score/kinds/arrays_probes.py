"""The experiments on a function on arrays: with what the student's own earlier functions make, and with stand-ins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grader.probes import Call, Catch, Expression, Let, Probe, Sample, Step, Stub
from grader.score.kinds.arrays_parameters import ArraysParameters, Steps

RESULT, CHANGED = "result", "changed"


def own_probe(parameters: ArraysParameters) -> str:
    """Identifier of the probe that uses the student's own earlier functions."""
    return ".".join(["arrays", parameters.target, *([parameters.probe] if parameters.probe else [])])


def given_probe(parameters: ArraysParameters) -> str:
    """Identifier of the probe in which stand-ins take the place of their results."""
    return f"{own_probe(parameters)}.given"


def arrays_probes(parameters: ArraysParameters) -> list[Probe]:
    """All probes of a check."""
    head = _inputs(parameters)
    own: list[Step] = [*head]
    for place, call in enumerate(parameters.earlier):
        own.append(Call(save=earlier(place), target={"name": call.call}, args=call.arguments))
        own += [
            Let(save=name, value={"part": {"ref": earlier(place)}, "at": list(keys)}, record=True)
            for name, keys in call.keep.items()
        ]
    own += _follows(parameters)
    if parameters.steps is not None:
        own.append(Catch(save="steps.raised", missing=True, steps=tuple(_steps(parameters.steps))))
    probes = [_probe(own_probe(parameters), parameters, own)]
    head += [Let(save=name, value=expanded(value)) for name, value in parameters.given.items()]
    if parameters.given:
        probes.append(_probe(given_probe(parameters), parameters, [*head, *_follows(parameters)]))
    if parameters.steps is not None and parameters.steps.stub is not None:
        probes.append(_with_stub(parameters, parameters.steps, head))
    return probes


def _probe(identifier: str, parameters: ArraysParameters, before: list[Step]) -> Probe:
    steps = [*before, _main(parameters)]
    if parameters.changes:
        steps.append(Let(save=CHANGED, value={"ref": parameters.changes}, record=True))
    return Probe(id=identifier, subject=parameters.target, steps=tuple(steps))


def _main(parameters: ArraysParameters) -> Step:
    target = {"name": parameters.target}
    if parameters.times is None:
        names = dict.fromkeys(key for one in parameters.outputs.values() for key in one.at if isinstance(key, str))
        kept = tuple(names) if len(parameters.outputs) > 1 else ()
        return Call(save=RESULT, target=target, args=parameters.arguments, kept=kept)
    return Sample(
        save=RESULT, target=target, args=parameters.arguments, times=parameters.times, length=parameters.length
    )


def _inputs(parameters: ArraysParameters) -> list[Step]:
    found: list[Step] = [Let(save=name, value=_named(one.expression, name)) for name, one in parameters.inputs.items()]
    return found + [Let(save=name, value=expanded(value)) for name, value in parameters.values.items()]


def _named(expression: Expression, name: str) -> Expression:
    """The expression of an input with its name in it."""
    if not isinstance(expression, dict):
        return expression
    inner = dict(expression["numpy"])
    for key in ("draw", "integers"):
        if key in inner:
            inner[key] = name
    return {"numpy": inner}


def stub_probe(parameters: ArraysParameters) -> str:
    """Identifier of the probe in which a function of ours takes the place of the student's step."""
    return f"{own_probe(parameters)}.stub"


def _with_stub(parameters: ArraysParameters, steps: Steps, before: list[Step]) -> Probe:
    stub = Stub(name=steps.call, returns=steps.stub)
    return _probe(stub_probe(parameters), parameters, [*before, stub, *_steps(steps)])


def earlier(place: int) -> str:
    """Name under which the result of an earlier call is saved."""
    return f"earlier.{place}"


def followed(place: int) -> str:
    """Name under which the result of a function that is followed is saved."""
    return f"follows.{place}"


def _follows(parameters: ArraysParameters) -> Iterable[Step]:
    for place, call in enumerate(parameters.follows):
        step = Call(save=followed(place), target={"name": call.call}, args=call.arguments)
        yield Catch(save=f"{followed(place)}.raised", missing=True, steps=(step,))


def step_result(number: int) -> str:
    """Name under which the result of a step is saved, by its order in time."""
    return f"steps.{number}"


def carried(name: str, calls: int) -> str:
    """Name of what is carried after so many calls."""
    return f"steps.{name}.{calls}"


def _steps(steps: Steps) -> Iterable[Step]:
    for name, one in steps.carry.items():
        yield Let(save=carried(name, 0), value=one.start)
    for calls, number in enumerate(steps.order):
        renamed = {name: carried(name, calls) for name in steps.carry}
        arguments = tuple(at_step(argument, number, renamed) for argument in steps.arguments)
        yield Call(save=step_result(number), target={"name": steps.call}, args=arguments)
        for name, one in steps.carry.items():
            value = {"part": {"ref": step_result(number)}, "at": list(one.at)}
            yield Let(save=carried(name, calls + 1), value=value, record=calls == steps.times - 1)


def at_step(expression: Expression, number: int, renamed: Mapping[str, str]) -> Expression:
    """An expression at one step: `{now: e}` is what stands there, `now` its number, and carried values have names."""
    if isinstance(expression, list | tuple):
        return [number if item == "now" else at_step(item, number, renamed) for item in expression]
    if not isinstance(expression, dict):
        return expression
    if "now" in expression:
        return {"step": number, "of": at_step(expression["now"], number, renamed)}
    found: dict[str, Any] = {}
    for key, value in expression.items():
        found[key] = renamed.get(value, value) if key == "ref" else at_step(value, number, renamed)
    return found


def expanded(expression: Expression) -> Expression:
    """An expression in which `{each: e, times: n}` has become the list of e at every step."""
    if isinstance(expression, list | tuple):
        return [expanded(item) for item in expression]
    if not isinstance(expression, dict):
        return expression
    if "each" in expression:
        return [at_step(expression["each"], number, {}) for number in range(expression["times"])]
    return {key: expanded(value) for key, value in expression.items()}
