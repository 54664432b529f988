"""The two kinds of layers: a recognised formula on the student's parameters, and a look-up in recorded calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import torch
from torch import Tensor

from reference.cells.joined import Joined, Products, joined_roles
from reference.cells.roles import Role, Step, StepInputs
from reference.mistakes import cell_mistakes
from reference.models.network import NotApplicableError, State, Sweeping
from reference.models.sweeps import WHOLE, sweep
from reference.recognition.families import Family

OTHER = {"rnn.correct_tanh": "rnn.correct_relu", "rnn.correct_relu": "rnn.correct_tanh"} | {
    "rnn.relu_for_tanh": "rnn.correct_tanh",
    "rnn.tanh_for_relu": "rnn.correct_relu",
}


@dataclass(frozen=True, kw_only=True)
class FormulaLayer(Sweeping):
    """A cell computed from its formula, right or wrong."""

    family: Family
    formula: str
    order: str
    """Roles in the order in which they are joined, one letter each."""
    joined: Joined
    gate_first: bool
    hidden_size: int

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """The joined matrices by role."""
        with torch.enable_grad():  # kept for later, whoever asks first
            return joined_roles(self.joined, self.order, self._products)

    @cached_property
    def _products(self) -> Products:
        return Products(self.joined, len(self.order))

    def sweep(self, sequence: Sequence[Tensor], state: State | None) -> list[State] | None:
        """All steps at once where they are written out for the formula."""
        if self.formula not in WHOLE or not sequence:
            return None
        x = torch.stack(list(sequence))
        if state is None:
            state = (x.new_zeros(x.shape[1], self.hidden_size),) * self.family.outputs
        found = sweep(self.formula, x, state, self.joined)
        return list(zip(*(states.unbind(0) for states in found), strict=True))

    def step(self, x: Tensor, state: State | None) -> State:
        """One step; no state stands for zeros."""
        if state is None:
            state = (x.new_zeros(x.shape[0], self.hidden_size),) * self.family.outputs
        self._products.forget()
        inputs = StepInputs(
            x=x,
            h=state[0],
            c=state[-1],
            roles=self.roles,
            activation=self.family.activation,
            gate_first=self.gate_first,
        )
        return step_of(self.family, self.formula)(inputs)

    def with_other_activation(self) -> FormulaLayer:
        """The same cell with tanh and relu exchanged."""
        if self.formula not in OTHER:
            raise NotApplicableError(f"{self.formula} has no other activation")
        return replace(self, formula=OTHER[self.formula])


@cache
def step_of(family: Family, formula: str) -> Step:
    """The step function of a named formula.

    Raises:
        KeyError: if there is no such formula.
    """
    steps = {entry.mistake.id: entry.step for entry in cell_mistakes(family.prefix)}
    return steps[formula]


class NotRecordedError(LookupError):
    """No recorded call has these inputs."""


class FailedCallError(LookupError):
    """The recorded call with these inputs returned nothing: it raised."""


Key = tuple[tuple[int, ...], bytes]


def key_of(value: Tensor) -> Key:
    """The same key for tensors of the same content; -0 counts as 0, axes of length 1 do not count."""
    shape = tuple(size for size in value.shape if size != 1)
    return shape, (value.detach().to(torch.float64).numpy() + 0.0).tobytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call of a module as the probe recorded it."""

    module: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    """Empty if the call raised."""


class RecordedLayer:
    """A cell whose steps are looked up, whatever it computes."""

    def __init__(self, calls: Sequence[RecordedCall], outputs: int) -> None:
        self._outputs = outputs
        self._known: dict[tuple[Key, ...], RecordedCall] = {}
        for call in calls:
            if call.inputs:
                self._known.setdefault(self._key(call.inputs[0], call.inputs[1:]), call)

    @staticmethod
    def _key(x: Tensor, state: Sequence[Tensor] | None) -> tuple[Key, ...]:
        keys = [key_of(value) for value in state or ()]
        if not any(bool(value.any()) for value in state or ()):
            keys = []
        return (key_of(x), *keys)

    def step(self, x: Tensor, state: State | None) -> State:
        """The recorded result of a step with these inputs; no state and a zero state are the same."""
        call = self._known.get(self._key(x, state))
        if call is None:
            raise NotRecordedError("no such call")
        if len(call.outputs) < self._outputs:
            raise FailedCallError(call.module)
        return call.outputs[: self._outputs]

    def with_other_activation(self) -> RecordedLayer:
        """Recorded calls cannot be computed anew."""
        raise NotApplicableError("recorded cells have one activation only")
