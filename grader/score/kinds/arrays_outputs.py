"""Outputs found in what a function returned, by key or by place; and inputs found in a cache that it was given."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from grader.evidence import Part
from grader.probes import Expression
from grader.score.kinds.arrays_parameters import Keys
from grader.values import Value

_ELEMENTS = 1_000_000


def found_outputs(part: Part, value: Value | None, outputs: Mapping[str, Keys]) -> dict[str, torch.Tensor]:
    """The outputs that are there, as tensors.

    Keys count without underscores and case. A dictionary inside a tuple is looked into; where keys were asked for and
    as many arrays come in a tuple, they are taken in the order of the outputs; one array is the one output.
    """
    if value is None:
        return {}
    found = {name: _at(value, keys) for name, keys in outputs.items()}
    if value.kind in ("array", "tensor", "scalar") and len(outputs) == 1:
        found = dict.fromkeys(outputs, value)
    if not any(found.values()) and value.kind in ("tuple", "list") and len(value.items) == len(outputs):
        found = dict(zip(outputs, value.items, strict=True))
    tensors = {name: tensor_of(part, one) for name, one in found.items()}
    return {name: tensor for name, tensor in tensors.items() if tensor is not None}


def _at(value: Value, keys: Keys) -> Value | None:
    if value.kind == "dict":
        names = {_form(name): item for name, item in zip(value.names, value.items, strict=False)}
        return next((names[_form(str(key))] for key in keys if _form(str(key)) in names), None)
    if value.kind not in ("tuple", "list"):
        return None
    for inner in value.items:
        if inner.kind == "dict" and not any(isinstance(key, int) for key in keys):
            found = _at(inner, keys)
            if found is not None:
                return found
    places = [key for key in keys if isinstance(key, int)]
    return next((value.items[place] for place in places if 0 <= place < len(value.items)), None)


def _form(name: str) -> str:
    return name.replace("_", "").casefold()


def tensor_of(part: Part, value: Value | None) -> torch.Tensor | None:
    """A number, an array or a tensor as a tensor; None for anything else."""
    if value is None:
        return None
    if value.kind == "scalar" and value.scalar is not None:
        return torch.tensor(float(value.scalar), dtype=torch.float64)
    tensor = part.tensor(value) if value.kind in ("array", "tensor") else None
    if tensor is None or tensor.numel() > _ELEMENTS or tensor.is_complex():
        return None
    return tensor


def held(
    part: Part, value: Value | None, layout: Expression, values: Mapping[str, Expression]
) -> dict[str, torch.Tensor]:
    """What a cache of the student's holds where it has the layout of the one that stands in for it.

    Args:
        part: holds the tensors.
        value: the cache as recorded.
        layout: the expression of the stand-in.
        values: expressions of further values, by the names that the layout may refer to.

    Returns:
        inputs by name; empty as soon as anything does not fit.
    """
    found: dict[str, torch.Tensor] = {}
    return found if _fits(part, value, layout, values, found) else {}


def _fits(
    part: Part,
    value: Value | None,
    layout: Expression,
    values: Mapping[str, Expression],
    found: dict[str, torch.Tensor],
) -> bool:
    if value is None or not isinstance(layout, dict):
        return False
    if "ref" in layout:
        name = layout["ref"]
        if name in values:
            return _fits(part, value, values[name], values, found)
        tensor = tensor_of(part, value)
        if tensor is not None:
            found[name] = tensor
        return tensor is not None
    if "tuple" in layout and value.kind in ("tuple", "list"):
        pairs = zip(value.items, layout["tuple"], strict=False)
        return len(value.items) == len(layout["tuple"]) and all(
            _fits(part, item, inner, values, found) for item, inner in pairs
        )
    if "dict" in layout and value.kind == "dict":
        return all(_fits(part, _at(value, (key,)), inner, values, found) for key, inner in layout["dict"].items())
    return False
