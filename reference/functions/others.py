"""Clipping, a step of gradient descent and the loss of a sequence, as functions on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from reference.functions.formulas import Arrays, Formulas, Function, array
from reference.language.sequence_loss import sequence_loss
from reference.mistakes import function_mistakes
from reference.optimisers.clipping import clip_by_value, global_norm
from reference.optimisers.descent import clipped_descent_step

_LIMIT, _RATE = "N", "eta"


def _arrays(found: Any) -> Arrays:
    return {name: array(value) for name, value in found.items()}


def _number(inputs: Arrays, name: str) -> float:
    return float(inputs[name].reshape(()))


def _clip(inputs: Arrays, earlier: Arrays) -> Formulas:
    limit = _number(inputs, _LIMIT)
    gradients = {name: torch.tensor(value) for name, value in inputs.items() if name != _LIMIT}
    return Formulas(
        right=_arrays(clip_by_value(gradients, limit)),
        wrong={name: _arrays(value) for name, value in _wrong_clips(gradients, limit).items()},
    )


def _wrong_clips(gradients: Mapping[str, torch.Tensor], limit: float) -> dict[str, Mapping[str, torch.Tensor]]:
    """What the other ways to clip give; one that equals a more usual one at these gradients is left out."""
    left_out = {"clip.elementwise", "clip.always_rescale" if global_norm(gradients) > limit else ""}
    entries = [entry for entry in function_mistakes("clip") if entry.mistake.id not in left_out]
    return {entry.mistake.id: entry.function(gradients, limit) for entry in entries}


def _moved(inputs: Sequence[str]) -> list[str]:
    """The parameters: what has a gradient of its name with a d before it."""
    return [name for name in inputs if f"d{name}" in inputs]


def _descent(inputs: Arrays, earlier: Arrays) -> Formulas:
    eta, limit = _number(inputs, _RATE), _number(inputs, _LIMIT)
    names = _moved(list(inputs))
    parameters = {name: torch.tensor(inputs[name]) for name in names}
    gradients = {name: torch.tensor(inputs[f"d{name}"]) for name in names}
    wrong = {
        entry.mistake.id: _arrays(entry.function(parameters, gradients, eta, limit))
        for entry in function_mistakes("descent")
    }
    for mistake, clipped in _wrong_clips(gradients, limit).items():
        wrong[mistake] = _arrays({name: w - eta * clipped[name] for name, w in parameters.items()})
    if all(f"d{name}" in earlier and earlier[f"d{name}"].shape == inputs[name].shape for name in names):
        right: Arrays = {name: inputs[name] - eta * earlier[f"d{name}"] for name in names}
    else:
        right = _arrays(clipped_descent_step(parameters, gradients, eta, limit))
    return Formulas(right=right, wrong=wrong)


def _loss(inputs: Arrays, earlier: Arrays) -> Formulas:
    """The loss of scores, a column for each step."""
    y = torch.tensor(inputs["y"].T)
    targets = torch.tensor(inputs["targets"]).to(torch.int64)
    entries = function_mistakes("lmloss")
    values = {entry.mistake.id: {"loss": array(entry.function(y, targets))} for entry in entries}
    same = {entry.mistake.id for entry in entries if entry.mistake.effect == "equivalent"}
    return Formulas(
        right={"loss": array(sequence_loss(y, targets))},
        wrong={name: value for name, value in values.items() if name not in same},
        equivalent={name: value for name, value in values.items() if name in same and ".correct" not in name},
    )


OTHER_FUNCTIONS = {
    "clip_by_value": Function(
        needs=(_LIMIT,), by_name=lambda inputs: [name for name in inputs if name != _LIMIT], evaluate=_clip
    ),
    "clipped_descent_step": Function(needs=(_RATE, _LIMIT), by_name=_moved, evaluate=_descent),
    "sequence_loss": Function(needs=("y", "targets"), outputs=("loss",), evaluate=_loss),
}
