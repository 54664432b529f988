"""Runs the steps of a probe; each kind of step is one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import draws  # type: ignore[attr-defined]  # the host puts draws.py beside this file
from .control import AgentError, Control, MissingName
from .derivatives import jacobian, side_by_side, variables, vjp
from .differences import central_differences
from .modules import modules_of, parameters_of, prepare
from .partial import kept_when_it_raised
from .scope import Json, Scope
from .session import number_from, seed_everything
from .stubs import stub_for
from .tracing import Tracer
from .values import changed_positions, flat_arguments, is_array, snapshot, whole_numbers

_INITIAL_ELEMENTS = 200_000
_REDRAWS = 4


def run_steps(scope: Scope, steps: list[Json]) -> None:
    """Run top-level steps; `scope.step` tells which one runs."""
    for number, step in enumerate(steps):
        scope.step = number
        _run(scope, step)


def _run(scope: Scope, step: Json) -> None:
    kind = step["do"]
    if kind not in _STEPS:
        raise AgentError(f"no step is called {kind!r}")
    _STEPS[kind](scope, step)


def _arguments(scope: Scope, step: Json) -> tuple[list[Any], dict[str, Any]]:
    positional = [scope.evaluate(argument) for argument in step.get("args", ())]
    return positional, {name: scope.evaluate(value) for name, value in step.get("kwargs", {}).items()}


def _construct(scope: Scope, step: Json) -> None:
    target = scope.student(step["target"])
    positional, keywords = _arguments(scope, step)
    made = target(*positional, **keywords)
    gradients: dict[str, str] = {}
    parts = parameters = None
    if isinstance(made, torch.nn.Module):
        parts = modules_of(made)
        prepare(parts, scope.dtype)
        name = step["save"] + scope.suffix
        parameters = parameters_of(made)
        if step.get("initial", True) and sum(parameter.numel() for _, parameter in parameters) <= _INITIAL_ELEMENTS:
            gradients = {
                qualified: scope.recorder.keep(f"{name}/p/{qualified}", parameter)
                for qualified, parameter in parameters
                if parameter.is_floating_point()
            }
    scope.save_result(step["save"], made)
    scope.record_object(step["save"], made, gradients=gradients, parts=parts, parameters=parameters)


def _let(scope: Scope, step: Json) -> None:
    value = scope.evaluate(step["value"])
    scope.save(step["save"], value)
    if step.get("record"):
        scope.record(step["save"], value)


def _get(scope: Scope, step: Json) -> None:
    value = scope.named(step["of"])
    for part in step["attribute"].split("."):
        try:
            value = _part(value, part)
        except (AttributeError, LookupError, TypeError):
            scope.save_result(step["save"], None)
            scope.records[step["save"] + scope.suffix] = {"kind": "missing"}
            return
    scope.save_result(step["save"], value)
    scope.record(step["save"], value)


def _part(value: Any, part: str) -> Any:
    """An attribute, or the item of a sequence where the part is a number."""
    return value[int(part)] if part.isdigit() else getattr(value, part)


def _set(scope: Scope, step: Json) -> None:
    *path, last = step["attribute"].split(".")
    owner = scope.named(step["of"])
    for part in path:
        owner = _part(owner, part)
    value = scope.evaluate(step["value"])
    if isinstance(getattr(owner, last, None), torch.nn.Parameter) and isinstance(value, torch.Tensor):
        value = torch.nn.Parameter(value.detach())
    setattr(owner, last, value)


def _fill(scope: Scope, step: Json) -> None:
    fill_module(scope, step["of"], step, 0)


def fill_module(scope: Scope, name: str, how: Json, salt: int) -> None:
    """Overwrite the parameters of a named module with their draws; anything else is left alone."""
    ranges = how.get("ranges", {})
    full = scope.full_name(name)
    module = scope.named(name)
    if not isinstance(module, torch.nn.Module):
        return
    scale = how.get("scale", "fan_in")
    drawn = []
    with torch.no_grad():
        for qualified, parameter in parameters_of(module):
            bounds = draws.range_of(qualified, ranges) if ranges else None
            fixed = how.get("keep_fixed") and bounds is None and not parameter.requires_grad
            if not parameter.is_floating_point() or fixed:
                continue
            key = draws.parameter_name(full, qualified, salt)
            if bounds is not None:
                parameter.copy_(draws.draw_between(scope.seed, key, parameter.shape, low=bounds[0], high=bounds[1]))
            else:
                drawn.append((parameter, (key, parameter.shape, draws.parameter_scale(parameter.shape, scale))))
        values = draws.draw_all(scope.seed, [wanted for _, wanted in drawn])
        for place, (parameter, _) in enumerate(drawn):
            parameter.copy_(values[place])
    scope.fills[full] = (how, salt)
    scope.salt = max(scope.salt, salt)


def _seed(scope: Scope, step: Json) -> None:
    seed_everything(step["value"])


def _call(scope: Scope, step: Json) -> None:
    value, changed = _called(scope, step)
    scope.save_result(step["save"], value)
    scope.record(step["save"], value, changed=changed)


def _called(scope: Scope, step: Json) -> tuple[Any, list[int]]:
    """What a call returns, and which of its tensor arguments it changed."""
    target = scope.evaluate(step["target"])
    if step.get("method"):
        target = getattr(target, step["method"])
    positional, keywords = _arguments(scope, step)
    given = [*positional, *keywords.values()]
    before = snapshot(given)
    try:
        value = target(*positional, **keywords)
    except Exception as error:
        if step.get("kept"):
            kept = kept_when_it_raised(error, target, step["kept"], given)
            if kept:
                scope.record(step["save"], kept)
        raise
    return value, changed_positions(given, before)


def _record_gradients(scope: Scope, name: str, gradients: dict[str, torch.Tensor]) -> None:
    full = name + scope.suffix
    keys = {wrt: scope.recorder.keep(f"{full}/d/{wrt}", gradient) for wrt, gradient in gradients.items()}
    scope.records[full] = {**scope.records[full], "gradients": keys}


def _jacobian(scope: Scope, step: Json) -> None:
    while True:
        value, changed = _called(scope, step)
        if any(is_array(leaf) for leaf in flat_arguments(value)):
            gradients = central_differences(scope, value, lambda: _called(scope, step)[0], step["wrt"])
            break
        gradients = jacobian(value, variables(scope, step["wrt"]), _directions(scope, step, value))
        if not _revived(scope, step, gradients):
            break
    scope.save_result(step["save"], value)
    scope.record(step["save"], value, changed=changed)
    _record_gradients(scope, step["save"], gradients)


def _directions(scope: Scope, step: Json, value: Any) -> torch.Tensor | None:
    if step.get("directions") is None:
        return None
    samples, outputs = side_by_side(value).shape
    shape = [samples, step["directions"], outputs]
    drawn: torch.Tensor = draws.draw(scope.seed, f"{step['save'] + scope.suffix}.directions", shape)
    return drawn


def _revived(scope: Scope, step: Json, gradients: dict[str, torch.Tensor]) -> bool:
    """True if the module was filled anew since nothing hangs on its parameters."""
    if not step.get("revive"):
        return False
    name = step["revive"]
    how, salt = scope.fills.get(scope.full_name(name), ({}, _REDRAWS))
    of_module = [gradient for wrt, gradient in gradients.items() if wrt.startswith(f"{name}.")]
    if salt >= _REDRAWS or not of_module or any(bool(gradient.any()) for gradient in of_module):
        return False
    fill_module(scope, name, how, salt + 1)
    return True


def _vjp(scope: Scope, step: Json) -> None:
    gradients = vjp(scope, scope.named(step["output"]), step["weights"], variables(scope, step["wrt"]))
    _record_vjp(scope, step["save"], gradients)


def _record_vjp(scope: Scope, name: str, gradients: dict[str, torch.Tensor]) -> None:
    scope.records[name + scope.suffix] = {"kind": "none"}
    _record_gradients(scope, name, gradients)


def _trace(scope: Scope, step: Json) -> None:
    target = scope.evaluate(step["target"])
    while True:
        positional, keywords = _arguments(scope, step)
        given = [*positional, *keywords.values()]
        before = snapshot(given)
        tracer = Tracer(target, step.get("whole", ()))
        finished = False
        try:
            with tracer:
                value = target(*positional, **keywords)
            finished = True
        finally:
            if not finished:
                calls = tracer.as_text(scope.recorder)
                scope.records[step["save"] + scope.suffix] = {"kind": "missing", "calls": calls}
        gradients = {}
        if step.get("gradients"):
            gradients = vjp(scope, value, step["weights"], variables(scope, step["wrt"]))
        if not _redrawn(scope, step, gradients):
            break
    scope.save_result(step["save"], value)
    changed = changed_positions(given, before)
    scope.record(step["save"], value, calls=tracer.as_text(scope.recorder), changed=changed)
    if step.get("gradients"):
        _record_vjp(scope, step["gradients"], gradients)


def _redrawn(scope: Scope, step: Json, gradients: dict[str, torch.Tensor]) -> bool:
    """True if the module was filled anew since its output does not hang on the first time step."""
    if not step.get("alive"):
        return False
    target = step["target"]
    name = scope.full_name(target["ref"]) if isinstance(target, dict) and "ref" in target else ""
    how, salt = scope.fills.get(name, ({}, _REDRAWS))
    slope = gradients.get(step["alive"])
    hangs = slope is not None and slope.dim() > 1 and bool(slope[:, 0].any())
    if salt >= _REDRAWS or hangs:
        return False
    fill_module(scope, target["ref"], how, salt + 1)
    return True


def _sample(scope: Scope, step: Json) -> None:
    """Each call is seeded by its number, so that no state that an earlier one has left can matter."""
    target = scope.evaluate(step["target"])
    found = torch.full((step["times"], step["length"]), -1, dtype=torch.int64)
    base = number_from(scope.seed)
    for number in range(step["times"]):
        scope.call = number
        seed_everything((base + 7919 * number) % 2**32)
        positional, keywords = _arguments(scope, step)
        whole = whole_numbers(target(*positional, **keywords), step["length"])
        found[number, : len(whole)] = torch.tensor(whole, dtype=torch.int64)
    scope.save_result(step["save"], found)
    scope.record(step["save"], found)


def _stub(scope: Scope, step: Json) -> None:
    scope.replace(step["name"], stub_for(scope.seed, step["name"], step["returns"]))


def _catch(scope: Scope, step: Json) -> None:
    raised = None
    try:
        for inner in step["steps"]:
            _run(scope, inner)
    except (Control, AgentError) as error:
        if not (isinstance(error, MissingName) and step.get("missing")):
            raise
        raised = "MissingName"
    except BaseException as error:  # noqa: BLE001 - which exception a student's code raises is the evidence
        raised = type(error).__name__
    scope.save_result(step["save"], raised)
    scope.record(step["save"], raised)


def _repeat(scope: Scope, step: Json) -> None:
    outer = scope.suffix
    try:
        for number in range(step["times"]):
            scope.suffix = f"{outer}.{number}"
            for inner in step["steps"]:
                _run(scope, inner)
    finally:
        scope.suffix = outer


_STEPS: dict[str, Callable[[Scope, Json], None]] = {
    "construct": _construct,
    "let": _let,
    "get": _get,
    "set": _set,
    "fill": _fill,
    "seed": _seed,
    "call": _call,
    "jacobian": _jacobian,
    "vjp": _vjp,
    "trace": _trace,
    "sample": _sample,
    "stub": _stub,
    "catch": _catch,
    "repeat": _repeat,
}
