"""What a family of cells is: its roles, its plain formula, and what a step takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from reference.cells import gru, lstm


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of cells that can be recognised."""

    name: str
    prefix: str
    """The part before the dot in the identifiers of its formulas."""
    roles: tuple[str, ...]
    plain: str
    """The formula that counts as exact: torch's own."""
    accepted: tuple[str, ...]
    """All formulas that are searched first, the plain one in front."""
    outputs: int
    """How many tensors a step returns."""
    probe_sizes: tuple[int, int]
    """(input, hidden): coprime, so that shapes tell maps apart, and hidden differs from the number of roles."""
    activation: Callable[[Tensor], Tensor] = torch.tanh
    negatable: str | None = None
    """A gate that the published forms use both ways round."""
    gated: str | None = None
    """A role of which another gate may scale the state's part, its bias included."""
    right_here: str | None = None
    """A named mistake of the other families of this prefix that is what this family asks for."""

    @property
    def has_cell_state(self) -> bool:
        """True if a step takes and returns a pair (hidden, cell)."""
        return self.outputs == 2


_GRU_FORMS = ("gru.correct_after", "gru.correct_before", "gru.correct_after_conv2", "gru.correct_before_conv2")

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family(
                name="lstm",
                prefix="lstm",
                roles=lstm.ROLES,
                plain="lstm.correct",
                accepted=("lstm.correct",),
                outputs=2,
                probe_sizes=(5, 3),
            ),
            Family(
                name="gru",
                prefix="gru",
                roles=gru.ROLES,
                plain="gru.correct_after",
                accepted=_GRU_FORMS,
                outputs=1,
                probe_sizes=(5, 4),
                negatable="z",
                gated="n",
            ),
            Family(
                name="rnn_tanh",
                prefix="rnn",
                roles=("a",),
                plain="rnn.correct_tanh",
                accepted=("rnn.correct_tanh",),
                right_here="rnn.tanh_for_relu",
                outputs=1,
                probe_sizes=(5, 3),
            ),
            Family(
                name="rnn_relu",
                prefix="rnn",
                roles=("a",),
                plain="rnn.correct_relu",
                accepted=("rnn.correct_relu",),
                right_here="rnn.relu_for_tanh",
                outputs=1,
                probe_sizes=(5, 3),
                activation=torch.relu,
            ),
        )
    }
)
