"""Looks into `torch.nn.Module` objects without trusting what a student's class has made of their methods."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import torch

from .guard import clean_text

_MODULES = 2_000
_PARAMETERS = 2_000
_ATTRIBUTES = 100
_ANCESTORS = 20
_PLAIN = frozenset([int, float, bool, str, type(None)])
_OF_EVERY_MODULE = frozenset(vars(torch.nn.Module()))
"""Attributes that torch itself gives a module."""
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


Parts = list[tuple[str, torch.nn.Module]]
"""Modules by qualified name."""
Parameters = list[tuple[str, torch.nn.Parameter]]
"""Parameters by qualified name."""


def parameters_of(module: torch.nn.Module) -> Parameters:
    """Registered parameters by qualified name; methods shadowed by attributes do not disturb it."""
    found: Parameters = []
    known: set[int] = set()
    for prefix, owner in _registered(module):
        for name, parameter in owner._parameters.items():
            if parameter is not None and id(parameter) not in known:
                known.add(id(parameter))
                found.append((f"{prefix}.{name}" if prefix else name, parameter))
                if len(found) == _PARAMETERS:
                    return found
    return found


def modules_of(module: torch.nn.Module) -> Parts:
    """The module (empty name) and all inside it, those in plain lists, tuples and dicts included, each once."""
    found = _registered(module)
    known = {id(part) for _, part in found}
    place = 0
    while place < len(found) and len(found) < _MODULES:
        prefix, part = found[place]
        place += 1
        for name, hidden in _unregistered(part):
            if id(hidden) not in known:
                qualified = f"{prefix}.{name}" if prefix else name
                for inner, member in _registered(hidden):
                    if id(member) not in known:
                        known.add(id(member))
                        found.append((f"{qualified}.{inner}" if inner else qualified, member))
    return found[:_MODULES]


def _registered(module: torch.nn.Module) -> Parts:
    found: Parts = []
    known = set()
    pending: Parts = [("", module)]
    """Next ones last."""
    while pending and len(found) < _MODULES:
        name, part = pending.pop()
        if id(part) in known:
            continue
        known.add(id(part))
        found.append((name, part))
        prefix = f"{name}." if name else ""
        if part._modules:
            inner = [(prefix + key, child) for key, child in part._modules.items() if child is not None]
            pending.extend(reversed(inner))
    return found


def _unregistered(module: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module]]:
    for name, value in [
        (name, value)
        for name, value in list(vars(module).items())
        if name not in _OF_EVERY_MODULE and type(value) not in _PLAIN
    ]:
        inside: list[tuple[str, Any]] = []
        if isinstance(value, torch.nn.Module):
            inside = [(name, value)]
        elif isinstance(value, (list, tuple)):
            inside = [(f"{name}.{place}", item) for place, item in enumerate(value[:_MODULES])]
        elif isinstance(value, dict):
            inside = [(f"{name}.{key}", item) for key, item in list(value.items())[:_MODULES] if isinstance(key, str)]
        for qualified, item in inside:
            if isinstance(item, torch.nn.Module):
                yield qualified, item


def prepare(parts: Parts, dtype: torch.dtype) -> None:
    """Convert modules to a dtype and switch dropout and the like off."""
    for _, part in parts:
        part.training = False
        for parameter in part._parameters.values():
            if parameter is not None and parameter.dtype != dtype and parameter.is_floating_point():
                parameter.data = parameter.data.to(dtype)
        for name, buffer in part._buffers.items():
            if buffer is not None and buffer.dtype != dtype and buffer.is_floating_point():
                part._buffers[name] = buffer.to(dtype)


def is_library(value: object) -> bool:
    """True if the class is torch's own."""
    return _is_librarys(type(value))


def _is_librarys(kind: type) -> bool:
    return str(kind.__module__).partition(".")[0] == "torch"


@cache
def dtype_name(dtype: torch.dtype) -> str:
    """`float64` for `torch.float64`."""
    return str(dtype).rpartition(".")[2]


def facts_text(value: object, parts: Parts | None = None, parameters: Parameters | None = None) -> str:
    """JSON of `Facts`, as text, so that what is equal for those who write alike is compared as a whole.

    `parts` and `parameters` are those of a module, if they are known.
    """
    return _ENCODER.encode(_facts_of(value, parts, parameters))


def _facts_of(value: object, parts: Parts | None, parameters: Parameters | None) -> dict[str, Any]:
    if not isinstance(value, torch.nn.Module):
        return {"class_name": _class_name(value), "is_module": False, "attributes": _attributes(value)}
    classes: dict[int, dict[str, Any]] = {}
    modules = []
    for name, part in modules_of(value) if parts is None else parts:
        of_class = classes.get(id(type(part)))
        if of_class is None:
            of_class = classes[id(type(part))] = _class_facts(part)
        modules.append({"name": clean_text(name, 300), **of_class, "attributes": _attributes(part)})
    return {
        "class_name": _class_name(value),
        "is_module": True,
        "parameters": [
            {
                "name": clean_text(name, 300),
                "shape": tuple(parameter.shape),
                "dtype": dtype_name(parameter.dtype),
                "requires_grad": parameter.requires_grad,
            }
            for name, parameter in (parameters_of(value) if parameters is None else parameters)
        ],
        "modules": modules,
        "attributes": modules[0]["attributes"],
    }


def _class_facts(part: object) -> dict[str, Any]:
    """What modules of one class have in common."""
    return {"class_name": _class_name(part), "library": is_library(part), "inherits": _library_ancestors(part)}


def _library_ancestors(value: object) -> list[str]:
    """Names of torch's own classes from which the class of a module is derived, the base of all modules apart."""
    ancestors = type(value).__mro__[1:]
    if ancestors[0] is torch.nn.Module:
        return []
    names = [base.__name__ for base in ancestors if _is_librarys(base) and base is not torch.nn.Module]
    return [clean_text(name, 100) for name in names[:_ANCESTORS]]


def _class_name(value: object) -> str:
    return clean_text(type(value).__name__, 100)


def _attributes(value: object) -> dict[str, int | float | bool | str | None]:
    """Public scalar attributes of an instance."""
    found: dict[str, int | float | bool | str | None] = {}
    named = list(getattr(value, "__dict__", {}).items())[: 10 * _ATTRIBUTES]
    for name, attribute in [(name, attribute) for name, attribute in named if type(attribute) in _PLAIN]:
        if type(name) is not str or name.startswith("_") or name == "training" or len(found) == _ATTRIBUTES:
            continue
        if type(attribute) is str:
            found[clean_text(name, 100)] = clean_text(attribute, 200)
        elif _is_plain_number(attribute):
            found[clean_text(name, 100)] = attribute
    return found


def _is_plain_number(value: object) -> bool:
    """True for None, a truth value, and a number that JSON can hold."""
    if type(value) is int:
        return abs(value) < 2**63
    if type(value) is float:
        return math.isfinite(value)
    return value is None or value is True or value is False
