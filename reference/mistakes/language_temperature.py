"""Named mistakes of a softmax with a temperature. Each takes what `softmax_at_temperature` takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from reference.language.temperature import sharpened, softmax_at_temperature
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "language.temperature.softmax_at_temperature"
_temp: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)


@_temp(
    "temp.correct",
    "Scores divided by the temperature",
    formula="p = softmax(x / T)",
    did="You divide the scores by the temperature before the softmax.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(x: Tensor, T: float) -> Tensor:
    return softmax_at_temperature(x, T)


@_temp(
    "temp.power_of_probabilities",
    "Probabilities raised to 1/T",
    formula="q = p^(1/T) / Σ p^(1/T),  p = softmax(x)",
    did="You raise the probabilities to the power 1/T and normalise, which is the same as dividing the scores by T.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def power_of_probabilities(x: Tensor, T: float) -> Tensor:
    return sharpened(x.softmax(dim=-1), T)


@_temp(
    "temp.multiply",
    "Scores multiplied by the temperature",
    formula="p = softmax(T x)",
    did="You multiply the scores by T, so a high temperature sharpens; your T is what is often called β = 1/T.",
    next_step="Print the largest probability at T = 0.5 and at T = 2. Which of the two should be larger?",
)
def multiply(x: Tensor, T: float) -> Tensor:
    return (x * T).softmax(dim=-1)


@_temp(
    "temp.softmax_of_softmax",
    "Softmax taken twice",
    formula="p = softmax(softmax(x) / T)",
    did="You divide probabilities by T and take a softmax again, so the outcome is almost even.",
    next_step="Print your distribution at T = 1 beside softmax(x).",
)
def softmax_of_softmax(x: Tensor, T: float) -> Tensor:
    return (x.softmax(dim=-1) / T).softmax(dim=-1)


@_temp(
    "temp.argmax",
    "Largest score instead of a distribution",
    formula="p_i = 1 where x_i is largest, else 0",
    did="You take the largest score with certainty, so the temperature changes nothing and every sample is the same.",
    next_step="Draw ten samples at T = 2 and count the different ones.",
)
def argmax(x: Tensor, T: float) -> Tensor:
    return torch.zeros_like(x).scatter(-1, x.argmax(dim=-1, keepdim=True), 1.0)


@_temp(
    "temp.temp_ignored",
    "Temperature without effect",
    formula="p = softmax(x)",
    did="Your distribution is the same at every temperature.",
    next_step="Print your distribution at T = 0.5 and at T = 2.",
)
def temp_ignored(x: Tensor, T: float) -> Tensor:
    return x.softmax(dim=-1)


COLLISIONS = (
    Collision(
        same=("temp.correct", "temp.power_of_probabilities"),
        condition="scores and temperature are any: the two are one function",
        case="always",
    ),
    Collision(
        same=("temp.correct", "temp.power_of_probabilities", "temp.multiply", "temp.temp_ignored"),
        condition="the temperature is 1",
        case="temperature 1",
    ),
    Collision(
        same=(
            "temp.correct",
            "temp.power_of_probabilities",
            "temp.multiply",
            "temp.softmax_of_softmax",
            "temp.temp_ignored",
        ),
        condition="all scores are equal",
        case="equal scores",
    ),
)
