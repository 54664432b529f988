"""Jacobians and vector-Jacobian products of what a call returned."""

from __future__ import annotations

from typing import Any

import torch

from . import draws  # type: ignore[attr-defined]  # the host puts draws.py beside this file
from .control import Refused
from .modules import parameters_of
from .scope import Scope
from .values import flat_tensors

_ELEMENTS = 4_000_000
Named = list[tuple[str, torch.Tensor]]


def outputs_of(value: Any) -> list[torch.Tensor]:
    """The floating tensors of a result, in order."""
    return [tensor for tensor in flat_tensors(value) if tensor.is_floating_point()]


def variables(scope: Scope, names: list[str]) -> Named:
    """Tensors by name; a module stands for its parameters."""
    found: Named = []
    for name in names:
        value = scope.named(name)
        if isinstance(value, torch.nn.Module):
            found += [(f"{name}.{qualified}", parameter) for qualified, parameter in parameters_of(value)]
        elif isinstance(value, torch.Tensor):
            found.append((name, value))
    return found


def jacobian(value: Any, wrt: Named, directions: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    """d(all outputs)/d(variable), of shape (outputs, *shape of the variable), for each variable.

    With directions (samples, sums, outputs of a sample), each sum of each sample stands in for an output.

    Raises:
        Refused: if that is too large.
    """
    flat = _concatenated(outputs_of(value))
    if directions is not None:
        flat = torch.einsum("bo,bko->bk", side_by_side(value), directions.to(flat.dtype)).reshape(-1)
    if flat.numel() * sum(tensor.numel() for _, tensor in wrt) > _ELEMENTS:
        raise Refused("jacobian")
    used = _differentiable(flat, wrt)
    rows: dict[str, torch.Tensor] = {}
    if used:
        rows = dict(_named_gradients(flat, used))
    empty = (flat.numel(),)
    return {name: rows[name] if name in rows else tensor.new_zeros(empty + tensor.shape) for name, tensor in wrt}


def side_by_side(value: Any) -> torch.Tensor:
    """All outputs of each sample in one row.

    Raises:
        Refused: if outputs have no samples in common.
    """
    outputs = outputs_of(value)
    samples = {output.shape[0] if output.dim() else 0 for output in outputs}
    if len(samples) != 1 or 0 in samples:
        raise Refused("directions")
    return torch.cat([output.reshape(output.shape[0], -1) for output in outputs], dim=1)


def vjp(scope: Scope, value: Any, weights: str, wrt: Named) -> dict[str, torch.Tensor]:
    """d(sum of weights times outputs)/d(variable) for each variable.

    The weights have the shape of the output where there is one, else that of all outputs flattened and concatenated.
    """
    outputs = outputs_of(value)
    flat = _concatenated(outputs)
    shape = list(outputs[0].shape) if len(outputs) == 1 else [flat.numel()]
    weight = draws.draw(scope.seed, weights, shape).to(flat.dtype).reshape(-1)
    used = _differentiable(flat, wrt)
    gradients: dict[str, torch.Tensor] = {}
    if used:
        found = torch.autograd.grad(flat, [tensor for _, tensor in used], weight, retain_graph=True, allow_unused=True)
        gradients = {used[place][0]: gradient for place, gradient in enumerate(found) if gradient is not None}
    return {name: gradients[name] if name in gradients else torch.zeros_like(tensor) for name, tensor in wrt}


def warm_up() -> None:
    """Let torch import what a first derivative needs, at no probe's expense and under no alarm."""
    point = torch.zeros(1, requires_grad=True)
    jacobian(2 * point, [("point", point)])


def _concatenated(outputs: list[torch.Tensor]) -> torch.Tensor:
    if not outputs:
        return torch.zeros(0)
    return torch.cat([output.reshape(-1) for output in outputs])


def _differentiable(flat: torch.Tensor, wrt: Named) -> Named:
    """The variables that autograd can be asked about; none if the outputs hang on nothing."""
    if not flat.requires_grad or not flat.numel():
        return []
    return [(name, tensor) for name, tensor in wrt if tensor.requires_grad]


def _named_gradients(flat: torch.Tensor, used: Named) -> Named:
    tensors = [tensor for _, tensor in used]
    unit = torch.eye(flat.numel(), dtype=flat.dtype)
    try:
        found: Any = torch.autograd.grad(
            flat, tensors, unit, retain_graph=True, allow_unused=True, is_grads_batched=True
        )
    except RuntimeError:  # an operation that cannot be batched; one row at a time then says whether it is at fault
        rows = [torch.autograd.grad(flat, tensors, row, retain_graph=True, allow_unused=True) for row in unit]
        found = [
            None if rows[0][place] is None else torch.stack([row[place] for row in rows])
            for place in range(len(tensors))
        ]
    return [(used[place][0], rows_of) for place, rows_of in enumerate(found) if rows_of is not None]
