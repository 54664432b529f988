"""Where in a cell's parameters each role's numbers lie, said without sizes, so that it fits any cell of the class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.cells.roles import Role

View = Literal["plain", "transposed", "column", "gates", "gates_transposed"]
"""How a parameter becomes a matrix whose rows are hidden units of one gate after another."""

Segment = Literal["x", "h", "c", "1"]
"""What a run of columns is multiplied with."""


class LayoutError(ValueError):
    """A layout does not fit the parameters that it is applied to."""


DIMENSIONS: Mapping[View, tuple[int, ...]] = {
    "plain": (2,),
    "transposed": (2,),
    "column": (1, 2, 3),
    "gates": (3,),
    "gates_transposed": (3,),
}
"""How many dimensions a parameter may have for each view."""


Numbers = TypeVar("Numbers", Tensor, NDArray[np.float64])
"""Of parameters as they are used, or of evidence."""


def as_matrix(parameter: Numbers, view: View, leading: int = 0) -> Numbers:
    """The parameter as (gates · n, columns), behind `leading` dimensions that stay.

    Raises:
        LayoutError: if the parameter has too few or too many dimensions for the view.
    """
    own = parameter.ndim - leading
    if own not in DIMENSIONS[view]:
        raise LayoutError(f"view {view!r} wants {DIMENSIONS[view]} dimensions, found {own}")
    front = parameter.shape[:leading]
    if view == "transposed":
        return parameter.mT
    if view == "column":
        return parameter.reshape(*front, -1, 1)
    if view == "gates":
        return parameter.reshape(*front, -1, parameter.shape[-1])
    if view == "gates_transposed":
        return parameter.mT.reshape(*front, -1, parameter.shape[-2])
    return parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRef:
    """One block of a parameter: the rows of one gate, the columns of one source."""

    parameter: str
    view: View
    interleaved: bool
    """True if the gates' rows alternate instead of following each other."""
    gate: int
    gates: int
    segments: tuple[Segment, ...]
    segment: int
    turned: bool = False
    """True if the square block itself is applied transposed."""

    def turned_about(self) -> BlockRef:
        """The same square block, applied the other way round."""
        return replace(self, turned=not self.turned)

    def rows(self, hidden: int) -> slice:
        """The rows of this block's gate."""
        if self.interleaved:
            return slice(self.gate, None, self.gates)
        return slice(self.gate * hidden, (self.gate + 1) * hidden)

    def take(self, parameters: Mapping[str, Tensor], hidden: int) -> Tensor:
        """The block as (n, columns).

        Raises:
            LayoutError: if the parameter is missing or has other proportions.
        """
        if self.parameter not in parameters:
            raise LayoutError(f"parameter {self.parameter!r} is missing")
        matrix = as_matrix(parameters[self.parameter], self.view)
        states = sum(name in ("h", "c") for name in self.segments)
        inputs = matrix.shape[1] - states * hidden - self.segments.count("1")
        if matrix.shape[0] != self.gates * hidden or inputs < 0 or (inputs > 0) != ("x" in self.segments):
            raise LayoutError(f"parameter {self.parameter!r} of shape {tuple(matrix.shape)} does not fit")
        widths = [{"x": inputs, "1": 1}.get(name, hidden) for name in self.segments]
        start = sum(widths[: self.segment])
        block = matrix[self.rows(hidden), start : start + widths[self.segment]]
        return block.mT if self.turned else block


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLayout:
    """The blocks whose sums are a role's four parameters; an empty tuple stands for zeros."""

    W_x: tuple[BlockRef, ...] = ()
    W_h: tuple[BlockRef, ...] = ()
    b_x: tuple[BlockRef, ...] = ()
    b_h: tuple[BlockRef, ...] = ()
    scale: float = 1.0
    """Constant factor of the whole sum; −1 for a gate used the other way round than the named formula says."""
    shift: float = 0.0
    """Constant added to the whole sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLayout:
    """How a cell's parameters map to the roles of a step formula, whatever the sizes."""

    family: str
    roles: Mapping[str, RoleLayout] = field(default_factory=dict)
    gate_first: bool = False
    """Passed to the formula: a gate multiplies the state before its map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Sizes of one cell."""

    input: int
    hidden: int


def instantiate(layout: CellLayout, parameters: Mapping[str, Tensor], sizes: Sizes) -> dict[str, Role]:
    """The roles of a cell, differentiable with respect to `parameters`.

    Raises:
        LayoutError: if the parameters have another form than the layout says.
    """
    example = next(iter(parameters.values()), torch.zeros((), dtype=torch.float64))
    return {name: _role(role, parameters, sizes, example) for name, role in layout.roles.items()}


def _role(layout: RoleLayout, parameters: Mapping[str, Tensor], sizes: Sizes, example: Tensor) -> Role:
    n, d = sizes.hidden, sizes.input

    def total(blocks: tuple[BlockRef, ...], columns: int) -> Tensor:
        value = example.new_zeros(n, columns)
        for block in blocks:
            if block.segments == ("1",) and block.parameter not in parameters:
                continue  # built without biases
            part = block.take(parameters, n)
            if part.shape != value.shape:
                raise LayoutError(f"block of {block.parameter!r} has shape {tuple(part.shape)}")
            value = value + part
        return layout.scale * value

    return Role(
        W_x=total(layout.W_x, d),
        W_h=total(layout.W_h, n),
        b_x=total(layout.b_x, 1)[:, 0] + layout.shift,
        b_h=total(layout.b_h, 1)[:, 0],
    )
