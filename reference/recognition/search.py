"""Evaluates step formulas on all assignments of pieces to roles at once and keeps those that reproduce the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from reference.cells.roles import Role, Step, StepInputs
from reference.recognition.clusters import DUMMY, MISSING, Half, Pieces, Units
from reference.recognition.families import Family
from reference.recognition.layout import CellLayout, RoleLayout
from reference.recognition.observation import CellObservation


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hit:
    """A formula and an assignment that reproduce the outputs of all calls."""

    formula: Formula
    layout: CellLayout
    missing: tuple[tuple[str, str], ...]
    """(role, source) pairs that the formula reads and that nothing feeds."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """Outcome of a search."""

    hits: tuple[Hit, ...]
    distances: dict[str, float]
    """Smallest distance of each formula tried, relative to the outputs' size."""


def search(
    family: Family,
    formulas: Sequence[Formula],
    pieces: Pieces,
    units: Sequence[Units],
    seen: CellObservation,
) -> Found:
    """Try every formula on every assignment."""
    hits: list[Hit] = []
    distances: dict[str, float] = {}
    if not units:
        return Found(hits=(), distances={})
    stacked = stack_roles(family, pieces, units, seen)
    target = seen.samples.outputs
    scale = max(1.0, float(target.abs().max()))
    for formula in formulas:
        inputs = StepInputs(
            x=seen.samples.x,
            h=seen.samples.h,
            c=seen.samples.c,
            roles=_negate(stacked, formula.negated),
            activation=family.activation,
            gate_first=formula.gate_first,
        )
        with torch.no_grad():
            outputs = _joined(formula.step(inputs))
        gaps = (outputs - target).abs().amax(dim=(-1, -2)).reshape(-1) / scale
        gaps = torch.nan_to_num(gaps, nan=torch.inf).expand(len(units))
        distances[formula.id] = min(float(gaps.min()), distances.get(formula.id, torch.inf))
        for index in torch.nonzero(gaps <= seen.tolerances.value)[:, 0].tolist():
            hits.append(make_hit(family, formula, pieces, units[index]))
    return Found(hits=tuple(hits), distances=distances)


def _joined(outputs: Sequence[Tensor]) -> Tensor:
    """Outputs side by side; one that no assignment changes lacks the leading dimension of the others."""
    dimensions = max(value.dim() for value in outputs)
    leading = next(value.shape[0] for value in outputs if value.dim() == dimensions)
    return torch.cat(
        [value if value.dim() == dimensions else value.expand(leading, *value.shape) for value in outputs], dim=-1
    )


def stack_roles(family: Family, pieces: Pieces, units: Sequence[Units], seen: CellObservation) -> dict[str, Role]:
    """The roles under every assignment, in a leading dimension."""
    n = seen.hidden_size
    weights_x, biases_x = _tables(pieces.inputs, n, seen.input_size)
    weights_h, biases_h = _tables(pieces.states, n, n)
    index = torch.tensor(units)  # (assignments, roles, 2)
    roles = {}
    for place, name in enumerate(family.roles):
        of_x, of_h = index[:, place, 0], index[:, place, 1]
        roles[name] = Role(
            W_x=weights_x[of_x],
            W_h=weights_h[of_h],
            b_x=biases_x[of_x][:, None, :],
            b_h=biases_h[of_h][:, None, :],
        )
    return roles


def _tables(halves: Sequence[Half], n: int, columns: int) -> tuple[Tensor, Tensor]:
    """Weights and biases of all halves; index -1 is zeros, index -2 a dummy that no right answer can contain."""
    zero = torch.zeros(n, columns, dtype=torch.float64)
    dummy = torch.linspace(-1.3, 1.7, n * columns, dtype=torch.float64).reshape(n, columns)
    weights = torch.stack([*(half.weight for half in halves), dummy, zero])
    biases = torch.stack([*(half.bias for half in halves), dummy[:, 0], zero[:, 0]])
    return weights, biases


def _negate(roles: dict[str, Role], name: str | None) -> dict[str, Role]:
    if name is None:
        return roles
    role = roles[name]
    return roles | {name: Role(W_x=-role.W_x, W_h=-role.W_h, b_x=-role.b_x, b_h=-role.b_h)}


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


def make_hit(family: Family, formula: Formula, pieces: Pieces, units: Units) -> Hit:
    """A hit with its layout, and what it reads that nothing feeds."""
    used = parts_read(family, formula)
    roles = {}
    missing = []
    for name, (of_x, of_h) in zip(family.roles, units, strict=True):
        for source, half in (("x", of_x), ("h", of_h)):
            if (name, source) in used and half in (DUMMY, MISSING):
                missing.append((name, source))
        x = pieces.inputs[of_x] if of_x >= 0 else None
        h = pieces.states[of_h] if of_h >= 0 else None
        roles[name] = RoleLayout(
            W_x=x.weight_refs if x else (),
            b_x=x.bias_refs if x else (),
            W_h=h.weight_refs if h else (),
            b_h=h.bias_refs if h else (),
            scale=-1.0 if name == formula.negated else 1.0,
        )
    layout = CellLayout(family=family.name, roles=roles, gate_first=formula.gate_first)
    return Hit(formula=formula, layout=layout, missing=tuple(missing))
