"""Roles whose maps are made all at once: one product in place of one for each role, which is what small cells cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from reference.cells.roles import Role

Joined = tuple[Tensor, Tensor, Tensor, Tensor]
"""W_x, W_h, b_x, b_h with all roles one below the other: (k n, d), (k n, n), (k n,) twice.

Leading dimensions are allowed as in `reference.cells.roles`; biases then have an axis of length 1 for the batch.
"""


class Products:
    """The maps of all roles, each made once in a step."""

    def __init__(self, joined: Joined, count: int) -> None:
        self._joined = joined
        self._count = count
        self._made: dict[tuple[int, ...], tuple[tuple[Tensor, ...], tuple[Tensor, ...]]] = {}
        """By the identities of tensors, which are kept alive beside what was made of them."""

    def forget(self) -> None:
        """A step begins: what was made before may be part of a computation that has been differentiated."""
        self._made.clear()

    def _sum(self, value: Tensor, *, of_state: bool) -> Tensor:
        weight, bias = self._joined[of_state], self._joined[2 + of_state]
        if weight.dim() == 2:
            return torch.nn.functional.linear(value, weight, bias)
        return torch.baddbmm(bias, value, weight.mT)

    def one(self, value: Tensor, *, of_state: bool) -> tuple[Tensor, ...]:
        """The part of the input or of a state in the sum of each role."""
        key = (id(value), of_state)
        if key not in self._made:
            self._made[key] = (value,), self._sum(value, of_state=of_state).chunk(self._count, -1)
        return self._made[key][1]

    def both(self, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        """The whole sum of each role."""
        key = (id(x), id(h), 2)
        if key not in self._made:
            whole = self._sum(x, of_state=False) + self._sum(h, of_state=True)
            self._made[key] = (x, h), whole.chunk(self._count, -1)
        return self._made[key][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _JoinedRole(Role):
    """A role whose map is made together with those of the others."""

    products: Products
    place: int

    def of_input(self, x: Tensor) -> Tensor:
        return self.products.one(x, of_state=False)[self.place]

    def of_state(self, h: Tensor) -> Tensor:
        return self.products.one(h, of_state=True)[self.place]

    def __call__(self, x: Tensor, h: Tensor) -> Tensor:
        return self.products.both(x, h)[self.place]


def joined_roles(joined: Joined, order: str | tuple[str, ...], products: Products) -> Mapping[str, Role]:
    """The roles by name.

    Args:
        joined: their matrices.
        order: their names in the order in which they are joined.
        products: of the same matrices.
    """
    count = len(order)
    pieces = [weight.chunk(count, -2) for weight in joined[:2]] + [bias.chunk(count, -1) for bias in joined[2:]]
    return {
        role: _JoinedRole(W_x=w_x, W_h=w_h, b_x=b_x, b_h=b_h, products=products, place=place)
        for place, (role, w_x, w_h, b_x, b_h) in enumerate(zip(order, *pieces, strict=True))
    }
