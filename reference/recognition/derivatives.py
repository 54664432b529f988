"""Compares a cell's recorded derivatives with those of the formula that reproduces its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reference.cells.roles import StepInputs
from reference.recognition.families import Family
from reference.recognition.layout import Sizes, instantiate
from reference.recognition.observation import CellObservation
from reference.recognition.search import Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Whether derivatives agree, by what they are taken with respect to."""

    parameters: bool
    x: bool
    state: bool

    @property
    def complete(self) -> bool:
        """True if all derivatives agree."""
        return self.parameters and self.x and self.state


def compare_derivatives(family: Family, hit: Hit, seen: CellObservation) -> Agreement:
    """Differentiate the formula at the point of the recorded Jacobian and compare."""
    leaves = {name: value.clone().requires_grad_() for name, value in seen.parameters.items()}
    x, h = (value.clone().requires_grad_() for value in (seen.point.x, seen.point.h))
    c = seen.point.c.clone().requires_grad_() if family.has_cell_state else h
    sizes = Sizes(input=seen.input_size, hidden=seen.hidden_size)
    inputs = StepInputs(
        x=x,
        h=h,
        c=c,
        roles=instantiate(hit.layout, leaves, sizes),
        activation=family.activation,
        gate_first=hit.formula.gate_first,
    )
    outputs = torch.cat(hit.formula.step(inputs), dim=1)  # (B, outputs · n)
    wanted = {"x": x, "h": h} | ({"c": c} if family.has_cell_state else {})
    expected = _jacobian(outputs, [*wanted.values(), *leaves.values()])
    of_inputs = dict(zip(wanted, expected, strict=False))
    of_parameters = dict(zip(leaves, expected[len(wanted) :], strict=True))
    return Agreement(
        parameters=all(_near(of_parameters, seen.parameter_jacobian, name, seen) for name in leaves),
        x=_near(of_inputs, seen.input_jacobian, "x", seen),
        state=all(_near(of_inputs, seen.input_jacobian, name, seen) for name in wanted if name != "x"),
    )


def _jacobian(outputs: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    """(B, outputs, *shape) for each input."""
    count = outputs.numel()
    directions = torch.eye(count, dtype=outputs.dtype).reshape(count, *outputs.shape)
    if not outputs.requires_grad:
        return [value.new_zeros(*outputs.shape, *value.shape) for value in inputs]
    gradients = torch.autograd.grad(outputs, inputs, grad_outputs=directions, is_grads_batched=True, allow_unused=True)
    return [
        value.new_zeros(*outputs.shape, *value.shape)
        if gradient is None
        else gradient.reshape(*outputs.shape, *value.shape)
        for value, gradient in zip(inputs, gradients, strict=True)
    ]


def _near(expected: Mapping[str, Tensor], recorded: Mapping[str, Tensor], name: str, seen: CellObservation) -> bool:
    one, other = expected[name], recorded[name]
    if one.numel() == 0:
        return True
    scale = max(1.0, float(one.abs().max()))
    return float((one - other).abs().max()) <= seen.tolerances.derivative * scale


def samples_mixed(seen: CellObservation) -> bool:
    """True if an output of one sample depends on an input or state of another."""
    for value in seen.input_jacobian.values():
        batch = value.shape[0]
        across = value * (1 - torch.eye(batch, dtype=value.dtype))[:, None, :, None]
        if float(across.abs().max()) > seen.tolerances.derivative * max(1.0, float(value.abs().max())):
            return True
    return False
