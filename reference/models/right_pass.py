"""What a replay gives whose cells are all right, and its derivatives: the common case, in NumPy from end to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from reference.models.layers import FormulaLayer
from reference.models.network import Layer, Network
from reference.models.sweeps import WHOLE, Array, Slopes, arrays_of, given_of

Back = Callable[[Array], tuple[Array, list[Array]]]
"""Derivatives by the last hidden state -> by the sequence, and by the joined pieces of each layer, flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaves:
    """Derivatives by all that a replay is computed from."""

    x: Array
    linear: list[Array]
    cells: list[Array]
    """By the joined pieces of each cell, flat; those of the other direction last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RightPass:
    """A forward pass and its way back."""

    output: Array
    """(B, classes)"""
    back: Callable[[Array], Leaves]
    """Derivatives by the output -> by the leaves."""


def right_pass(network: Network, linear: Mapping[str, Tensor]) -> RightPass | None:
    """The output of the straight loop; None if a cell is not written out, or the classifier does not fit.

    Args:
        network: of a replay.
        linear: weight and bias of its classifier, if it has one.

    Raises:
        RuntimeError: if the sizes of a cell do not fit.
    """
    x = network.x.detach().numpy().transpose(1, 0, 2)
    stacks = [(network.layers, x), (network.reverse_layers, x[::-1])][: 1 + network.bidirectional]
    if not len(x) or any(not layers or not all(map(_written_out, layers)) for layers, _ in stacks):
        return None
    ends, ways = zip(*(_stack(layers, sequence) for layers, sequence in stacks), strict=True)
    features = np.concatenate(ends, axis=1)
    weight, *bias = arrays_of(list(linear.values()))
    if weight.shape[1] != features.shape[1]:
        return None

    def back(slopes: Array) -> Leaves:
        by_end = np.split(slopes @ weight, len(ways), axis=1)
        found = [way(one) for way, one in zip(ways, by_end, strict=True)]
        by_x = found[0][0] if len(found) == 1 else found[0][0] + found[1][0][::-1]
        return Leaves(
            x=by_x.transpose(1, 0, 2),
            linear=[slopes.T @ features, *(slopes.sum(0) for _ in bias)],
            cells=[one for _, cells in found for one in cells],
        )

    return RightPass(output=features @ weight.T + sum(bias), back=back)


def _written_out(layer: Layer) -> bool:
    return isinstance(layer, FormulaLayer) and layer.formula in WHOLE


def _stack(layers: Sequence[Layer], x: Array) -> tuple[Array, Back]:
    """The last hidden state of a stack, and the way back."""
    passed = []
    for layer in layers:
        assert isinstance(layer, FormulaLayer)
        zeros = np.zeros((x.shape[1], layer.hidden_size))
        given = given_of(x, [zeros] * layer.family.outputs, arrays_of(layer.joined))
        states, back = WHOLE[layer.formula](given)
        passed.append((given, states, back))
        x = states[0]

    def way(slopes: Array) -> tuple[Array, list[Array]]:
        by_hidden = np.zeros_like(x)
        by_hidden[-1] = slopes
        cells = []
        for given, states, back in reversed(passed):
            found: Slopes = back([by_hidden, *(np.zeros_like(state) for state in states[1:])])
            by_hidden = found.of_input @ given.w_x
            cells.append(np.concatenate([piece.reshape(-1) for piece in found.joined(given)]))
        return by_hidden, cells[::-1]

    return x[-1], way
