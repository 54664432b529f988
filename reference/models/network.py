"""The reference loops: what a stacked and a bidirectional model compute with whatever cells they are given.

A layer is anything that makes a step: a recognised formula on the student's parameters, or a look-up in the calls that
were recorded. So the same loops serve replay and data flow, and a deviation is written once for both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

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


class Sweeping(ABC):
    """A layer that can make all its steps at once."""

    @abstractmethod
    def sweep(self, sequence: Sequence[Tensor], state: State | None) -> list[State] | None:
        """The state after each step; None if it cannot."""


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
    _made: _Made = field(default_factory=lambda: _Made(), repr=False, compare=False)

    def sequence(self) -> list[Tensor]:
        """The input at each step: T times (B, d)."""
        if not self._made.sequence:
            with torch.enable_grad():  # kept for later, whoever asks first
                self._made.sequence.extend(self.x.unbind(1))
        return list(self._made.sequence)

    def run(self, layers: Sequence[Layer], sequence: Sequence[Tensor], loop: Loop = STRAIGHT) -> list[Tensor]:
        """Hidden states of the last layer, in the order of processing: T times (B, n)."""
        if (loop.carry_between_layers or loop.unstacked) and len(layers) < 2:
            raise NotApplicableError("there is nothing between the layers of one cell")
        below = list(sequence)
        states: list[State] = []
        for depth, layer in enumerate(layers):
            first = states[-1] if loop.carry_between_layers and depth else None
            states = self._made.states(layer, sequence if loop.unstacked else below, first, loop)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What a network and its variants have computed: most deviations have most of their layers in common."""

    sequence: list[Tensor] = field(default_factory=list)
    _known: dict[Hashable, tuple[list[State], object]] = field(default_factory=dict)
    """By layer, sequence and first state, whose identities are kept from being used again by keeping them, too."""

    def states(self, layer: Layer, sequence: Sequence[Tensor], first: State | None, loop: Loop) -> list[State]:
        """The states of a layer after each step; computed anew where gradients are wanted, which use a graph up."""
        if torch.is_grad_enabled():
            return _unroll(layer, sequence, first, loop)
        given = (layer, *sequence, *(first or ()))
        key = (*map(id, given), len(sequence), loop.reset_each_step)
        if key not in self._known:
            self._known[key] = _unroll(layer, sequence, first, loop), given
        return self._known[key][0]


def _unroll(layer: Layer, sequence: Sequence[Tensor], state: State | None, loop: Loop) -> list[State]:
    if isinstance(layer, Sweeping) and not loop.detach:
        found = _from_zeros(layer, sequence) if loop.reset_each_step else layer.sweep(sequence, state)
        if found is not None:
            return found
    states = []
    for x in sequence:
        state = layer.step(x, None if loop.reset_each_step else state)
        states.append(state)
        if loop.detach:
            state = tuple(value.detach() for value in state)
    return states


def _from_zeros(layer: Sweeping, sequence: Sequence[Tensor]) -> list[State] | None:
    """Every step from zeros: the same as one step of a larger batch."""
    found = layer.sweep([torch.cat(list(sequence))], None) if sequence else None
    if found is None:
        return None
    return list(zip(*(value.chunk(len(sequence)) for value in found[0]), strict=True))
