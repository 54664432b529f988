"""A formula in one of its conventions, and a way to give a cell's parameters to its roles that reproduces the cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import torch

from reference.cells.roles import Role, Step, StepInputs
from reference.recognition.assignments import DUMMY, MISSING, Units
from reference.recognition.clusters import Half, Pieces
from reference.recognition.families import Family
from reference.recognition.layout import CellLayout, RoleLayout


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A step formula in one of the conventions in which it may be written."""

    id: str
    step: Step
    gate_first: bool = False
    negated: str | None = None
    """A gate used as 1 minus itself."""

    @property
    def default(self) -> bool:
        """True if this is the convention in which the formula is written down."""
        return not self.gate_first and self.negated is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Numbers of the student's in one sum."""

    scale: float = 1.0
    """Factor of the whole sum; −1 for a gate used the other way round than the named formula says."""
    shift: float = 0.0
    """Added to the whole sum."""


PLAIN = Constants()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hit:
    """A formula and an assignment that reproduce the outputs of all calls."""

    family: Family
    formula: Formula
    pieces: Pieces
    units: Units
    constants: Mapping[str, Constants] = field(default_factory=dict)
    """By role, where there are any."""

    @classmethod
    def of(cls, family: Family, formula: Formula, pieces: Pieces, units: Units) -> Hit:
        """A hit without constants but for a gate that is used the other way round."""
        turned = {} if formula.negated is None else {formula.negated: Constants(scale=-1.0)}
        return cls(family=family, formula=formula, pieces=pieces, units=units, constants=turned)

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """(role, source) pairs that the formula reads and that nothing feeds."""
        used = parts_read(self.family, self.formula)
        return tuple(
            (name, source)
            for name, unit in zip(self.family.roles, self.units, strict=True)
            for source, half in zip(("x", "h"), unit, strict=True)
            if (name, source) in used and half in (DUMMY, MISSING)
        )

    @property
    def weakest(self) -> float:
        """The smallest of the largest derivatives by its sums; 0 if a sum that the formula reads is fed by nothing."""
        used = {name for name, _ in parts_read(self.family, self.formula)}
        gains = [
            max((half.gain for half in self.halves(name) if half is not None), default=0.0)
            for name in self.family.roles
            if name in used or any(half is not None for half in self.halves(name))
        ]
        return min(gains, default=0.0)

    def halves(self, role: str) -> tuple[Half | None, Half | None]:
        """What feeds a role from the input and from the state."""
        of_x, of_h = self.units[self.family.roles.index(role)]
        return (
            self.pieces.inputs[of_x] if of_x >= 0 else None,
            self.pieces.states[of_h] if of_h >= 0 else None,
        )

    @property
    def layout(self) -> CellLayout:
        """Where the parameters of each role lie."""
        roles = {name: self._role_layout(name) for name in self.family.roles}
        return CellLayout(family=self.family.name, roles=roles, gate_first=self.formula.gate_first)

    def _role_layout(self, name: str) -> RoleLayout:
        x, h = self.halves(name)
        constants = self.constants.get(name, PLAIN)
        return RoleLayout(
            W_x=tuple(block.ref for block in x.weights) if x else (),
            b_x=tuple(block.ref for block in x.biases) if x else (),
            W_h=tuple(block.ref for block in h.weights) if h else (),
            b_h=tuple(block.ref for block in h.biases) if h else (),
            scale=constants.scale,
            shift=constants.shift,
        )


@cache
def parts_read(family: Family, formula: Formula) -> frozenset[tuple[str, str]]:
    """The (role, source) pairs on which a formula depends, found by differentiating it at an arbitrary point."""
    x, h, c = (torch.sin(torch.arange(12.0, dtype=torch.float64) * (1.3 + k)).reshape(6, 2) for k in range(3))
    leaves = {}
    roles = {}
    for place, name in enumerate(family.roles):
        W_x, W_h = (
            torch.cos(torch.arange(4.0, dtype=torch.float64) * (0.9 + place + k)).reshape(2, 2).requires_grad_()
            for k in (0.0, 0.35)
        )
        bias = torch.full((2,), 0.3 + 0.1 * place, dtype=torch.float64)
        leaves[name, "x"], leaves[name, "h"] = W_x, W_h
        roles[name] = Role(W_x=W_x, W_h=W_h, b_x=bias, b_h=bias)
    inputs = StepInputs(x=x, h=h, c=c, roles=roles, activation=family.activation, gate_first=formula.gate_first)
    total = torch.stack([(value * (1.0 + k)).sum() for k, value in enumerate(formula.step(inputs))]).sum()
    gradients = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    return frozenset(
        part
        for part, gradient in zip(leaves, gradients, strict=True)
        if gradient is not None and bool(gradient.abs().max() > 0)
    )
