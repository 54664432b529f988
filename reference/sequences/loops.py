"""The loop over the steps of a sequence, right and wrong, and what the last layer reads of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reference.cells import Role
from reference.sequences.families import State, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Everything that a loop may use."""

    step: Step
    roles: Mapping[str, Role]
    vectors: Mapping[str, Tensor]
    x: Tensor
    """(..., B, T, d)"""
    zero: State

    def states(self, *, reset: bool = False, backwards: bool = False, detach: bool = False) -> list[State]:
        """The state after each step."""
        state, found = self.zero, []
        steps = list(self.x.unbind(-2))
        for t, x in enumerate(reversed(steps) if backwards else steps):
            state = self.step(x, self.zero if reset else state, self.roles, self.vectors, t)
            found.append(state)
            if detach:
                state = tuple(one.detach() for one in state)
        return found

    def hidden(self) -> list[Tensor]:
        """The hidden state after each step."""
        return [state[0] for state in self.states()]


Loop = Callable[[Made], Tensor]


def last(made: Made) -> Tensor:
    """What is asked for: the hidden state after the last step."""
    return made.states()[-1][0]


LOOPS: Mapping[str, Loop] = {
    "model.first_step_output": lambda made: made.states()[0][0],
    "model.hidden_reset_each_step": lambda made: made.states(reset=True)[-1][0],
    "model.mean_pool": lambda made: torch.stack(made.hidden()).mean(0),
    "model.max_pool": lambda made: torch.stack(made.hidden()).amax(0),
    "model.sum_pool": lambda made: torch.stack(made.hidden()).sum(0),
    "model.reversed_input": lambda made: made.states(backwards=True)[-1][0],
    "model.lstm_uses_cell_output": lambda made: made.states()[-1][-1],
    "model.relu_before_fc": lambda made: torch.relu(last(made)),
}
"""Deviations by the name that they have in models with cells of their own."""

READS_ONE_STEP = frozenset({"model.first_step_output", "model.hidden_reset_each_step"})
"""Deviations that leave the maps of the state without an effect."""
