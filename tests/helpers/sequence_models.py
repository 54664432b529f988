"""Models that hold their cell inside, written in many habits, and the evidence that a probe takes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

HIDDEN, CLASSES = 3, 7
DIGITS = torch.tensor(
    [
        [0, 2, 1, 3, 1, 0, 2, 2, 1],
        [1, 0, 2, 1, 3, 2, 0, 1, 2],
        [2, 1, 0, 2, 0, 3, 1, 0, 1],
        [3, 3, 1, 0, 2, 1, 2, 3, 0],
        [1, 2, 3, 1, 0, 2, 3, 1, 1],
    ],
    dtype=torch.float64,
)
BATCH = DIGITS.shape[0]
DIFFERENTIATED, PLAIN = (1, 2, 3), (9,)
RANGES = {"tau": (4.0, 6.0), "r_on": (0.5, 0.75), "s": (0.3, 0.6)}


def observe(
    make: Callable[[int, int], nn.Module],
    *,
    input_size: int = 1,
    encoded: bool = False,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> dict[str, Any]:
    """What an oracle is shown of a model.

    Args:
        make: takes the number of steps and the input size.
        input_size: 1 for digits as numbers, more for one-hot digits.
        encoded: True if the model is given one-hot digits, False if it makes them.
        seed: of the parameters.
        dtype: of model and input.
    """
    runs = []
    filled: dict[str, Tensor] = {}
    for steps in (*DIFFERENTIATED, *PLAIN):
        model = make(steps, input_size).to(dtype)
        filled = fill(model, seed)
        digits = DIGITS[:, :steps].to(dtype)
        vectors = digits[:, :, None] if input_size == 1 else nn.functional.one_hot(digits.long(), input_size).to(dtype)
        given = vectors if encoded else digits
        outputs = model(given.clone())
        jacobian = None
        if steps in DIFFERENTIATED:
            parameters = dict(model.named_parameters())
            jacobian = _jacobian(outputs, parameters)
        runs.append(
            {
                "x": vectors.double(),
                "outputs": outputs.detach().double(),
                "jacobian": jacobian,
                "repeated": model(given.clone()).detach().double(),
            }
        )
    return {
        "hidden_size": HIDDEN,
        "dtype": str(dtype).removeprefix("torch."),
        "parameters": filled,
        "attributes": {},
        "runs": runs,
    }


def fill(model: nn.Module, seed: int) -> dict[str, Tensor]:
    """Overwrite every parameter with numbers that depend on its name alone."""
    filled = {}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            generator = torch.Generator().manual_seed(seed + sum(map(ord, name)) * 1009)
            value = torch.randn(parameter.shape, generator=generator, dtype=torch.float64) * 0.6
            bounds = RANGES.get(name)
            if bounds is not None:
                share = torch.rand(parameter.shape, generator=generator, dtype=torch.float64)
                value = bounds[0] + (bounds[1] - bounds[0]) * share
            parameter.copy_(value)
            filled[name] = parameter.detach().double().clone()
    return filled


def _jacobian(outputs: Tensor, parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    learned = {name: value for name, value in parameters.items() if value.requires_grad}
    rows = [
        torch.autograd.grad(one, list(learned.values()), retain_graph=True, allow_unused=True)
        for one in outputs.reshape(-1)
    ]
    found = {name: [row[place] for row in rows] for place, name in enumerate(learned)}
    return {
        name: torch.stack(
            [torch.zeros_like(value) if one is None else one for one in found.get(name, [None] * len(rows))]
        ).double()
        for name, value in parameters.items()
    }


def source_model(source: str, name: str) -> Callable[[int, int], nn.Module]:
    """A maker of models of a class that is given as source text."""
    space: dict[str, Any] = {"torch": torch, "nn": nn}
    exec(source, space)
    return lambda steps, inputs: space[name](steps, inputs, HIDDEN, CLASSES, BATCH, "cpu")
