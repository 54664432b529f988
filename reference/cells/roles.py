"""Parameters of a cell by role, and what a step formula may look at.

A role is one affine map of input and state, such as a gate. Formulas see roles only, never a layout: in which
parameters, orders and orientations the numbers were stored is the business of `reference.recognition`.

Recognition tries many assignments of parameters to roles at once. So parameters, and all that is computed from them,
may carry leading dimensions in front of the shapes given in words; biases then have an axis of length 1 for the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One affine map: x W_xᵀ + b_x + h W_hᵀ + b_h."""

    W_x: Float[Tensor, "*roles n d"]
    """(n, d)"""
    W_h: Float[Tensor, "*roles n n"]
    """(n, n)"""
    b_x: Float[Tensor, "*ones n"]
    """(n,)"""
    b_h: Float[Tensor, "*ones n"]
    """(n,)"""

    def of_input(self, x: Float[Tensor, "*points B d"]) -> Float[Tensor, "*roles B n"]:
        """The input's part, x W_xᵀ + b_x: (B, n)."""
        return x @ self.W_x.mT + self.b_x

    def of_state(self, h: Float[Tensor, "*gated B n"]) -> Float[Tensor, "*roles B n"]:
        """The state's part, h W_hᵀ + b_h: (B, n)."""
        return h @ self.W_h.mT + self.b_h

    def __call__(self, x: Float[Tensor, "*points B d"], h: Float[Tensor, "*gated B n"]) -> Float[Tensor, "*roles B n"]:
        """The whole pre-activation: (B, n)."""
        return self.of_input(x) + self.of_state(h)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInputs:
    """What a step formula is given."""

    x: Float[Tensor, "*points B d"]
    """(B, d)"""
    h: Float[Tensor, "*points B n"]
    """(B, n)"""
    c: Float[Tensor, "*points B n"]
    """(B, n); equal to `h` in a family without a cell state."""
    roles: Mapping[str, Role]
    activation: Callable[[Tensor], Tensor] = torch.tanh
    """The activation that the family asks for; only plain recurrent cells read it."""
    gate_first: bool = False
    """True where a gate multiplies the state before its map, as in the older form of the gated recurrent unit."""

    def input_part(self, role: str) -> Float[Tensor, "*roles B n"]:
        """x W_xᵀ + b_x of a role."""
        return self.roles[role].of_input(self.x)

    def state_part(self, role: str, state: Float[Tensor, "*gated B n"] | None = None) -> Float[Tensor, "*roles B n"]:
        """State W_hᵀ + b_h of a role; the state is h unless another is given."""
        return self.roles[role].of_state(self.h if state is None else state)

    def pre(self, role: str, state: Float[Tensor, "*gated B n"] | None = None) -> Float[Tensor, "*roles B n"]:
        """The pre-activation of a role: input part plus state part."""
        return self.roles[role](self.x, self.h if state is None else state)

    def gated_state_part(self, role: str, gate: Float[Tensor, "*gated B n"]) -> Float[Tensor, "*roles B n"]:
        """gate ⊙ (h W_hᵀ + b_h), or (gate ⊙ h) W_hᵀ + b_h where `gate_first`."""
        if self.gate_first:
            return self.state_part(role, gate * self.h)
        return gate * self.state_part(role)

    def bare_state_part(
        self, role: str, state: Float[Tensor, "*gated B n"] | None = None
    ) -> Float[Tensor, "*roles B n"]:
        """State W_hᵀ of a role, without its bias."""
        return (self.h if state is None else state) @ self.roles[role].W_h.mT

    def with_state(self, h: Float[Tensor, "*points B n"], c: Float[Tensor, "*points B n"]) -> StepInputs:
        """The same inputs at another state."""
        return replace(self, h=h, c=c)


Step = Callable[[StepInputs], tuple[Tensor, ...]]
"""A step formula: the new hidden state first, then the new cell state if there is one."""
