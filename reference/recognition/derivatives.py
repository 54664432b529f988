"""Compares a cell's recorded derivatives with those of the formula that reproduces its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reference.cells.joined import Joined, Products, joined_roles
from reference.cells.roles import StepInputs
from reference.recognition.blocks import Block
from reference.recognition.clusters import Half
from reference.recognition.hits import PLAIN, Hit
from reference.recognition.observation import Array, CellObservation

_PARTS = ("W_x", "W_h", "b_x", "b_h")


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


def compare_derivatives(hit: Hit, seen: CellObservation, floor: float) -> Agreement:
    """Differentiate the formula at the point of the recorded derivatives and compare.

    Args:
        hit: formula and assignment.
        seen: the evidence.
        floor: derivatives up to here count as none.
    """
    of_inputs, of_roles = _expected(hit, seen)
    tolerance = seen.tolerances.derivative
    agrees = {
        name: _near(expected, _own_sample(seen.input_jacobian[name]), tolerance, floor)
        for name, expected in of_inputs.items()
    }
    return Agreement(
        parameters=not hit.pieces.unexplained
        and all(_near(expected, block.jacobian, tolerance, floor) for block, expected in _of_blocks(hit, of_roles)),
        x=agrees["x"],
        state=all(agrees[name] for name in agrees if name != "x"),
    )


def _of_blocks(hit: Hit, of_roles: Mapping[tuple[str, str], Array]) -> Iterator[tuple[Block, Array]]:
    """Each block with the derivative by it: the sum over all roles that it is part of."""
    totals: dict[int, tuple[Half, Array, Array]] = {}
    for name in hit.family.roles:
        scale = hit.constants.get(name, PLAIN).scale
        for source, half in zip(("x", "h"), hit.halves(name), strict=True):
            if half is None:
                continue
            weight = of_roles[name, f"W_{source}"]
            bias = of_roles[name, f"b_{source}"].mT  # a column, as blocks of biases are
            if scale != 1.0:
                weight, bias = scale * weight, scale * bias
            if id(half) in totals:
                weight, bias = weight + totals[id(half)][1], bias + totals[id(half)][2]
            totals[id(half)] = (half, weight, bias)
    for half, weight, bias in totals.values():
        yield from ((block, weight) for block in half.weights)
        yield from ((block, bias) for block in half.biases)


def _expected(hit: Hit, seen: CellObservation) -> tuple[dict[str, Array], dict[tuple[str, str], Array]]:
    """Derivatives (B, K, *shape) of the formula: by each input, and by each part of each role.

    The cell is copied once for each direction and sample, so that one backward pass yields all of them.
    """
    directions = _directions(seen)
    batch, count, _ = directions.shape
    names = ("x", "h", "c") if hit.family.has_cell_state else ("x", "h")
    inputs = {
        name: torch.from_numpy(np.repeat(getattr(seen.point, name), count, axis=0)[:, None]).requires_grad_()
        for name in names
    }
    order = hit.family.roles
    joined = _joined(hit, seen, batch * count)
    inputs_of_step = StepInputs(
        x=inputs["x"],
        h=inputs["h"],
        c=inputs[names[-1]],
        roles=joined_roles(joined, order, Products(joined, len(order))),
        activation=hit.family.activation,
        gate_first=hit.formula.gate_first,
    )
    outputs = torch.cat(hit.formula.step(inputs_of_step), dim=-1)  # (copies, 1, outputs · n)
    found = _gradients(outputs, torch.from_numpy(directions).reshape(outputs.shape), [*inputs.values(), *joined])
    shaped = [value.numpy().reshape(batch, count, *value.shape[1:]) for value in found]
    of_inputs = {name: value[:, :, 0] for name, value in zip(inputs, shaped, strict=False)}
    of_roles = {
        (name, part): piece
        for part, value in zip(_PARTS, shaped[len(inputs) :], strict=True)
        for name, piece in zip(order, _pieces(value, part, seen.hidden_size), strict=True)
    }
    return of_inputs, of_roles


def _joined(hit: Hit, seen: CellObservation, copies: int) -> Joined:
    """The parts of all roles, copied so many times, as leaves of the computation."""
    roles = [_values(hit, name, seen) for name in hit.family.roles]
    w_x, w_h, b_x, b_h = (
        _copied(np.concatenate([values[part] for values in roles], axis=_axis(part)), copies) for part in _PARTS
    )
    return w_x, w_h, b_x, b_h


def _axis(part: str) -> int:
    """Along which the parts of roles are joined."""
    return -2 if part.startswith("W") else -1


def _pieces(value: Array, part: str, n: int) -> list[Array]:
    """The same cut again, n rows or numbers for each role."""
    starts = range(0, value.shape[_axis(part)], n)
    if part.startswith("W"):
        return [value[..., start : start + n, :] for start in starts]
    return [value[..., start : start + n] for start in starts]


def _values(hit: Hit, role: str, seen: CellObservation) -> dict[str, Array]:
    """The four parts of a role; biases as rows."""
    n, d = seen.hidden_size, seen.input_size
    constants = hit.constants.get(role, PLAIN)
    x, h = hit.halves(role)
    return {
        "W_x": constants.scale * (x.weight if x else np.zeros((n, d))),
        "W_h": constants.scale * (h.weight if h else np.zeros((n, n))),
        "b_x": constants.scale * (x.bias if x else np.zeros(n))[None] + constants.shift,
        "b_h": constants.scale * (h.bias if h else np.zeros(n))[None],
    }


def _copied(value: Array, copies: int) -> Tensor:
    return torch.from_numpy(np.repeat(value[None], copies, axis=0)).requires_grad_()


def _directions(seen: CellObservation) -> Array:
    if seen.directions is not None:
        return seen.directions
    batch, outputs = seen.point.outputs.shape
    return np.ascontiguousarray(np.broadcast_to(np.eye(outputs), (batch, outputs, outputs)))


def _gradients(outputs: Tensor, directions: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    if not outputs.requires_grad:
        return [torch.zeros_like(value) for value in inputs]
    # Not `grad_outputs`: torch compares its shape with symbols, and imports SymPy for it in every worker.
    found = torch.autograd.grad((outputs * directions).sum(), inputs, allow_unused=True)
    return [
        torch.zeros_like(value) if gradient is None else gradient for value, gradient in zip(inputs, found, strict=True)
    ]


def _own_sample(jacobian: Array) -> Array:
    """(B, K, columns) of (B, K, B, columns): by the input of the same sample; others were looked at before."""
    samples = np.arange(jacobian.shape[0])
    return jacobian[samples, :, samples]


def _near(expected: Array, recorded: Array, tolerance: float, floor: float) -> bool:
    scale = max(_largest(expected), _largest(recorded))
    return _largest(expected - recorded) <= max(tolerance * scale, floor)


def _largest(value: Array) -> float:
    return float(np.maximum.reduce(np.abs(value), axis=None, initial=0.0))


def samples_mixed(seen: CellObservation) -> bool:
    """True if an output of one sample depends on an input or state of another."""
    for value in seen.input_jacobian.values():
        size = np.abs(value)
        across = np.where(np.eye(value.shape[0], dtype=np.bool_)[:, None, :, None], 0.0, size)
        if float(across.max(initial=0)) > seen.tolerances.derivative * max(1.0, float(size.max(initial=0))):
            return True
    return False
