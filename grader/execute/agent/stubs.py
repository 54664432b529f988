"""Functions of ours that stand behind a student's name, so that what calls it can be tried. They know no answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from . import draws  # type: ignore[attr-defined]  # the host puts draws.py beside this file
from .control import AgentError
from .values import array_to_tensor, flat_arguments, is_array


def stub_for(seed: str, name: str, returns: Any) -> Callable[..., Any]:
    """A function that makes arrays of given shapes out of all numbers that it is given, the same at each call.

    Args:
        seed: of the probe.
        name: what the drawn weights of its sums are named after.
        returns: an expression of tuples and dictionaries with `{"made": shape}` for each array.
    """
    weights: dict[tuple[str, int], torch.Tensor] = {}

    def make(expression: Any, numbers: torch.Tensor, place: str) -> Any:
        if isinstance(expression, dict) and "tuple" in expression:
            return tuple(make(item, numbers, f"{place}.{n}") for n, item in enumerate(expression["tuple"]))
        if isinstance(expression, dict) and "dict" in expression:
            return {key: make(item, numbers, f"{place}.{key}") for key, item in expression["dict"].items()}
        if not isinstance(expression, dict) or "made" not in expression:
            raise AgentError("a stub returns tuples, dictionaries and arrays")
        shape, key = expression["made"], (place, numbers.numel())
        if key not in weights:
            weights[key] = draws.draw(seed, place, [numbers.numel(), math.prod(shape)])
        sums = numbers @ weights[key] / math.sqrt(max(numbers.numel(), 1))
        return torch.tanh(sums).reshape(tuple(shape)).numpy()

    def stub(*arguments: Any, **keywords: Any) -> Any:
        given = [*arguments, *keywords.values()]
        leaves = [array_to_tensor(leaf) if is_array(leaf) else leaf.detach() for leaf in flat_arguments(given)]
        flat = [leaf.to(torch.float64).reshape(-1) for leaf in leaves]
        return make(returns, torch.cat(flat) if flat else torch.zeros(0, dtype=torch.float64), f"stub.{name}")

    return stub
