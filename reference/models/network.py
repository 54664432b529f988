"""The reference loops: what a stacked and a bidirectional model compute with whatever cells they are given.

A layer is anything that makes a step: a recognised formula on the student's parameters, or a look-up in the calls that
were recorded. So the same loops serve replay and data flow, and a deviation is written once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

State = tuple[Tensor, ...]
"""(hidden,) or (hidden, cell)."""


class NotApplicableError(ValueError):
    """A deviation has no meaning for this model."""


class Layer(Protocol):
    """One cell of a model."""

    def step(self, x: Tensor, state: State | None) -> State:
        """One step; no state stands for zeros."""

    def with_other_activation(self) -> Layer:
        """The same cell with tanh and relu exchanged.

        Raises:
            NotApplicableError: if it is no plain recurrent cell with one of the two.
        """


@runtime_checkable
class Sweeping(Protocol):
    """A layer that can make all its steps at once."""

    def sweep(self, sequence: Sequence[Tensor], state: State | None) -> list[State] | None:
        """The state after each step, before the last one perhaps without the cell state; None if it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """How a stack of layers is run; every field that is set is a deviation."""

    reset_each_step: bool = False
    """Every step starts from zeros."""
    carry_between_layers: bool = False
    """A layer starts from the last state of the layer below."""
    unstacked: bool = False
    """Every layer reads the model's input."""
    cell_output: bool = False
    """The last layer's cell state is taken for its hidden state."""
    detach: bool = False
    """The state is cut off from the gradient between steps."""


STRAIGHT = Loop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A model: its input, its cells and its last layer."""

    x: Tensor
    """(B, T, d)"""
    layers: Sequence[Layer]
    reverse_layers: Sequence[Layer] = ()
    """Cells of the other direction; empty in a stacked model."""
    classifier: Callable[[Tensor], Tensor]
    wanted_layers: int
    hidden_size: int
    bidirectional: bool = False

    def sequence(self) -> list[Tensor]:
        """The input at each step: T times (B, d)."""
        return list(self.x.unbind(1))

    def run(self, layers: Sequence[Layer], sequence: Sequence[Tensor], loop: Loop = STRAIGHT) -> list[Tensor]:
        """Hidden states of the last layer, in the order of processing: T times (B, n)."""
        if (loop.carry_between_layers or loop.unstacked) and len(layers) < 2:
            raise NotApplicableError("there is nothing between the layers of one cell")
        below = list(sequence)
        states: list[State] = []
        for depth, layer in enumerate(layers):
            first = states[-1] if loop.carry_between_layers and depth else None
            states = _unroll(layer, sequence if loop.unstacked else below, first, loop)
            below = [state[0] for state in states]
        if loop.cell_output and states:
            if len(states[0]) < 2:
                raise NotApplicableError("these cells have no cell state")
            return [state[1] for state in states]
        return below

    def forward(self, loop: Loop = STRAIGHT) -> list[Tensor]:
        """Hidden states of the stack that reads forwards."""
        return self.run(self.layers, self.sequence(), loop)

    def backward(self, loop: Loop = STRAIGHT) -> list[Tensor]:
        """Hidden states of the stack that reads backwards, in the order of processing: the last has seen everything."""
        return self.run(self.reverse_layers, self.sequence()[::-1], loop)

    def features(self, loop: Loop = STRAIGHT) -> Tensor:
        """What the classifier reads: the last hidden state, of both directions side by side if there are two."""
        if self.bidirectional:
            return torch.cat((self.forward(loop)[-1], self.backward(loop)[-1]), dim=1)
        return self.forward(loop)[-1]

    def output(self, loop: Loop = STRAIGHT) -> Tensor:
        """What the model returns: (B, classes)."""
        return self.classifier(self.features(loop))

    def with_layers(self, change: Callable[[Sequence[Layer]], Sequence[Layer]]) -> Network:
        """The same network with both lists of cells changed."""
        return replace(self, layers=change(self.layers), reverse_layers=change(self.reverse_layers))


def _unroll(layer: Layer, sequence: Sequence[Tensor], state: State | None, loop: Loop) -> list[State]:
    if not (loop.reset_each_step or loop.detach or loop.cell_output) and isinstance(layer, Sweeping):
        found = layer.sweep(sequence, state)
        if found is not None:
            return found
    states = []
    for x in sequence:
        state = layer.step(x, None if loop.reset_each_step else state)
        states.append(state)
        if loop.detach:
            state = tuple(value.detach() for value in state)
    return states
