"""A step of gradient descent with clipped gradients, beside torch's own."""

from __future__ import annotations

import pytest
import torch

from reference.mistakes import function_mistakes
from reference.optimisers.descent import clipped_descent_step

F64 = torch.float64
PARAMETERS = {"W": torch.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=F64), "b": torch.tensor([0.1, -0.1], dtype=F64)}
GRADIENTS = {"W": torch.tensor([[9.0, -9.0], [0.25, -0.5]], dtype=F64), "b": torch.tensor([2.0, -0.5], dtype=F64)}
ETA, LIMIT = 0.5, 1.0


def test_a_step_is_that_of_torch_after_clipping_by_value() -> None:
    parameters = {name: torch.nn.Parameter(value.clone()) for name, value in PARAMETERS.items()}
    for name, parameter in parameters.items():
        parameter.grad = GRADIENTS[name].clone()
    torch.nn.utils.clip_grad_value_(parameters.values(), LIMIT)
    torch.optim.SGD(parameters.values(), lr=ETA).step()

    found = clipped_descent_step(PARAMETERS, GRADIENTS, ETA, LIMIT)

    assert all(torch.allclose(found[name], parameters[name], rtol=0, atol=1e-12) for name in PARAMETERS)


def test_a_parameter_without_a_gradient_is_refused() -> None:
    with pytest.raises(ValueError, match="b has no partner"):
        clipped_descent_step(PARAMETERS, {"W": GRADIENTS["W"]}, ETA, LIMIT)


def test_every_named_step_differs_from_the_right_one_and_from_the_others() -> None:
    steps = {
        entry.mistake.id: entry.function(PARAMETERS, GRADIENTS, ETA, LIMIT)["W"]
        for entry in function_mistakes("descent")
    }
    steps["right"] = clipped_descent_step(PARAMETERS, GRADIENTS, ETA, LIMIT)["W"]

    names = list(steps)
    assert len(names) == 6
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            assert not torch.allclose(steps[one], steps[other]), (one, other)
