"""Which formula each output of a function was computed by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import torch

from reference.functions.formulas import Array, Arrays, Evaluate, Formulas, Function, OutputVerdict, array
from reference.mistakes import all_mistakes
from reference.recognition.verdicts import rounded


def judge_outputs(
    function: Function,
    inputs: Mapping[str, torch.Tensor],
    outputs: Mapping[str, torch.Tensor],
    earlier: Mapping[str, torch.Tensor],
    tolerance: float,
) -> dict[str, OutputVerdict]:
    """A verdict for each output.

    Where two mistakes give the same numbers for an output, those that explain more of the other outputs are named.

    Args:
        function: what was asked for.
        inputs: all that it needs, by name.
        outputs: what the student's function returned, by the names of the function's outputs.
        earlier: results of the student's own earlier functions, to be followed through.
        tolerance: largest difference that rounding may make, relative to the largest entry.

    Raises:
        ValueError: if the inputs do not fit together.
    """
    given = {name: array(value) for name, value in inputs.items()}
    found = {name: array(value) for name, value in outputs.items()}
    if function.judge is not None:
        return dict(function.judge(given, found, tolerance))
    evaluate = cast(Evaluate, function.evaluate)  # a function has the one or the other
    with np.errstate(all="ignore"):
        formulas = evaluate(given, {name: array(value) for name, value in earlier.items()})
        return _verdicts(formulas, found, tolerance)


def _verdicts(formulas: Formulas, found: Arrays, tolerance: float) -> dict[str, OutputVerdict]:
    explained = {
        name: sum(_far(value, wrong.get(one), formulas.right, one) <= tolerance for one, value in found.items())
        for name, wrong in formulas.wrong.items()
    }
    return {
        output: _verdict(output, value, formulas, explained, tolerance)
        for output, value in found.items()
        if output in formulas.right
    }


def _verdict(
    output: str, value: Array, formulas: Formulas, explained: Mapping[str, int], tolerance: float
) -> OutputVerdict:
    right = formulas.right[output]
    if _far(value, right, formulas.right, output) <= tolerance:
        return OutputVerdict(status="right")
    for name, form in formulas.equivalent.items():
        if _far(value, form.get(output), formulas.right, output) <= tolerance:
            return OutputVerdict(status="right", note=all_mistakes()[name].what_you_did)
    matching = [
        name
        for name, wrong in formulas.wrong.items()
        if _far(value, wrong.get(output), formulas.right, output) <= tolerance
    ]
    far = _far(value, right, formulas.right, output)
    facts: dict[str, Any] = {
        "far": rounded(far) if np.isfinite(far) else None,
        "wanted": None if value.shape == right.shape else right.shape,
    }
    if matching:
        most = max(explained[name] for name in matching)
        best = tuple(name for name in matching if explained[name] == most)
        return OutputVerdict(status="mistake" if len(best) == 1 else "ambiguous", mistakes=best, **facts)
    if _squeezed(value) == _squeezed(right):
        same = _far(value.reshape(right.shape), right, formulas.right, output)
        if same <= tolerance:
            note = f"It has shape {value.shape} where {right.shape} was asked for, which costs nothing here."
            return OutputVerdict(status="right", note=note)
    return OutputVerdict(status="unnamed", **facts)


def _squeezed(value: Array) -> tuple[int, ...]:
    return tuple(size for size in value.shape if size != 1)


def _far(value: Array, other: Array | None, right: Arrays, output: str) -> float:
    """The largest difference of two values, relative to the right one's largest entry."""
    if other is None or value.shape != other.shape or not np.isfinite(value).all():
        return float("inf")
    largest = max(float(np.abs(one).max(initial=0)) for one in right.values())
    scale = max(float(np.abs(right[output]).max(initial=0)), 1e-9 * largest, 1e-300)
    return float(np.abs(value - other).max(initial=0)) / scale
