"""The two kinds of layers: a recognised formula on the student's parameters, and a look-up in recorded calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import torch
from torch import Tensor

from reference.cells.roles import Role, Step, StepInputs
from reference.mistakes import cell_mistakes
from reference.models.network import NotApplicableError, State
from reference.recognition.families import Family

OTHER = {"rnn.correct_tanh": "rnn.correct_relu", "rnn.correct_relu": "rnn.correct_tanh"} | {
    "rnn.relu_for_tanh": "rnn.correct_tanh",
    "rnn.tanh_for_relu": "rnn.correct_relu",
}


Joined = tuple[Tensor, Tensor, Tensor, Tensor]
"""W_ih, W_hh, b_ih, b_hh with all roles one below the other, in the order of torch's own layers."""


@dataclass(frozen=True, kw_only=True)
class FormulaLayer:
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
            pieces = [piece.chunk(len(self.order)) for piece in self.joined]
        return {
            role: Role(W_x=w_x, W_h=w_h, b_x=b_x, b_h=b_h)
            for role, w_x, w_h, b_x, b_h in zip(self.order, *pieces, strict=True)
        }

    def sweep(self, sequence: Sequence[Tensor], state: State | None) -> list[State] | None:
        """All steps at once where torch has a layer for the formula; before the last one only the hidden states."""
        whole = WHOLE.get(self.formula)
        if whole is None or not sequence:
            return None
        x = torch.stack(list(sequence))
        if state is None:
            state = (x.new_zeros(x.shape[1], self.hidden_size),) * self.family.outputs
        hidden, last = whole(x, state, self.joined)
        return [*((h,) for h in hidden.unbind(0)[:-1]), last]

    def step(self, x: Tensor, state: State | None) -> State:
        """One step; no state stands for zeros."""
        if state is None:
            state = (x.new_zeros(x.shape[0], self.hidden_size),) * self.family.outputs
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


def _lstm(x: Tensor, state: State, joined: Joined) -> tuple[Tensor, State]:
    first = [value.unsqueeze(0) for value in state]
    hidden, h, c = torch.lstm(x, first, joined, True, 1, 0.0, False, False, False)
    return hidden, (h[0], c[0])


def _gru(x: Tensor, state: State, joined: Joined) -> tuple[Tensor, State]:
    hidden, h = torch.gru(x, state[0].unsqueeze(0), joined, True, 1, 0.0, False, False, False)
    return hidden, (h[0],)


def _gru_before(x: Tensor, state: State, joined: Joined) -> tuple[Tensor, State]:
    """Torch has no layer that resets before the product, so the steps are made here, with joined maps."""
    w_x, w_h, b_x, b_h = joined
    n = w_h.shape[1]
    (h,) = state
    states = []
    gates, candidates = torch.split_with_sizes(torch.nn.functional.linear(x, w_x, b_x + b_h), [2 * n, n], dim=2)
    for of_gates, of_candidate in zip(gates, candidates, strict=True):
        r, z = torch.sigmoid(torch.addmm(of_gates, h, w_h[: 2 * n].mT)).chunk(2, dim=1)
        candidate = torch.tanh(torch.addmm(of_candidate, r * h, w_h[2 * n :].mT))
        h = candidate + z * (h - candidate)
        states.append(h)
    return torch.stack(states), (h,)


def _rnn_tanh(x: Tensor, state: State, joined: Joined) -> tuple[Tensor, State]:
    hidden, h = torch.rnn_tanh(x, state[0].unsqueeze(0), joined, True, 1, 0.0, False, False, False)
    return hidden, (h[0],)


def _rnn_relu(x: Tensor, state: State, joined: Joined) -> tuple[Tensor, State]:
    hidden, h = torch.rnn_relu(x, state[0].unsqueeze(0), joined, True, 1, 0.0, False, False, False)
    return hidden, (h[0],)


Whole = Callable[[Tensor, State, Joined], tuple[Tensor, State]]
"""Input (T, B, d), first state and matrices -> hidden states (T, B, n) and the last state."""

WHOLE: Mapping[str, Whole] = {
    "lstm.correct": _lstm,
    "gru.correct_after": _gru,
    "gru.correct_before": _gru_before,
    "rnn.correct_tanh": _rnn_tanh,
    "rnn.correct_relu": _rnn_relu,
}
"""Formulas whose steps are made all at once."""


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
    plain = value.detach().to(torch.float64).contiguous() + 0.0
    return shape, plain.numpy().tobytes()


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
