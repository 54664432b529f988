"""Evaluates step formulas on all assignments of pieces to roles at once and keeps those that reproduce the outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from reference.cells.roles import Role, StepInputs
from reference.recognition.assignments import Units
from reference.recognition.clusters import Half, Pieces
from reference.recognition.families import Family
from reference.recognition.hits import Formula, Hit
from reference.recognition.observation import Array, CellObservation


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
    if not units:
        return Found(hits=(), distances={})
    near: list[tuple[Formula, Units]] = []
    distances: dict[str, float] = {}
    stacked = stack_roles(family, pieces, units, seen)
    samples = seen.samples
    x, h, c = (torch.from_numpy(value) for value in (samples.x, samples.h, samples.c))
    target = samples.outputs
    turned = _negate(stacked, family.negatable)
    scale = max(1.0, float(np.abs(target).max()))
    with torch.inference_mode():
        for formula in formulas:
            inputs = StepInputs(
                x=x,
                h=h,
                c=c,
                roles=stacked if formula.negated is None else turned,
                activation=family.activation,
                gate_first=formula.gate_first,
            )
            found = _joined(formula.step(inputs))
            found -= target
            sizes = np.abs(found, out=found).reshape(-1, target.size)  # one row for each assignment
            gaps = np.maximum.reduce(sizes, axis=1) / scale
            gaps[np.isnan(gaps)] = np.inf
            smallest = float(gaps.min())
            distances[formula.id] = min(smallest, distances.get(formula.id, np.inf))
            if smallest <= seen.tolerances.value:
                close = np.flatnonzero(np.broadcast_to(gaps, len(units)) <= seen.tolerances.value)
                near += [(formula, units[index]) for index in close.tolist()]
    hits = tuple(Hit.of(family, formula, pieces, one) for formula, one in near)
    return Found(hits=hits, distances=distances)


def _joined(outputs: Sequence[Tensor]) -> Array:
    """Outputs side by side; one that no assignment changes lacks the leading dimension of the others."""
    dimensions = max(value.dim() for value in outputs)
    leading = next(value.shape[0] for value in outputs if value.dim() == dimensions)
    return torch.cat(
        [value if value.dim() == dimensions else value.expand(leading, *value.shape) for value in outputs], dim=-1
    ).numpy()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _RememberingRole(Role):
    """A role that computes its parts once for each tensor that it is given: all formulas ask for the same ones."""

    known: dict[tuple[str | int, ...], tuple[object, Tensor]] = field(default_factory=dict)
    """By part and identities of tensors: those tensors, kept alive, and the part."""

    def of_input(self, x: Tensor) -> Tensor:
        key = ("x", id(x))
        if key not in self.known:
            self.known[key] = x, Role.of_input(self, x)
        return self.known[key][1]

    def of_state(self, h: Tensor) -> Tensor:
        key = ("h", id(h))
        if key not in self.known:
            self.known[key] = h, Role.of_state(self, h)
        return self.known[key][1]

    def __call__(self, x: Tensor, h: Tensor) -> Tensor:
        key = ("xh", id(x), id(h))
        if key not in self.known:
            self.known[key] = (x, h), self.of_input(x) + self.of_state(h)
        return self.known[key][1]


class Sized(Protocol):
    """Anything that knows the sizes of a cell."""

    @property
    def input_size(self) -> int: ...
    @property
    def hidden_size(self) -> int: ...


def stack_roles(family: Family, pieces: Pieces, units: Sequence[Units], seen: Sized) -> dict[str, Role]:
    """The roles under every assignment, in a leading dimension."""
    n = seen.hidden_size
    weights_x, biases_x = _tables(pieces.inputs, n, seen.input_size)
    weights_h, biases_h = _tables(pieces.states, n, n)
    index = np.array(units)  # (assignments, roles, 2)
    roles: dict[str, Role] = {}
    for place, name in enumerate(family.roles):
        of_x, of_h = index[:, place, 0], index[:, place, 1]
        roles[name] = _RememberingRole(
            W_x=torch.from_numpy(weights_x[of_x]),
            W_h=torch.from_numpy(weights_h[of_h]),
            b_x=torch.from_numpy(biases_x[of_x][:, None, :]),
            b_h=torch.from_numpy(biases_h[of_h][:, None, :]),
        )
    return roles


def _tables(halves: Sequence[Half], n: int, columns: int) -> tuple[Array, Array]:
    """Weights and biases of all halves; index -1 is zeros, index -2 a dummy that no right answer can contain."""
    dummy = _dummy(n, columns)
    weights = np.stack([*(half.weight for half in halves), dummy, np.zeros((n, columns))])
    biases = np.stack([*(half.bias for half in halves), dummy[:, 0], np.zeros(n)])
    return weights, biases


@lru_cache(maxsize=64)
def _dummy(n: int, columns: int) -> Array:
    return np.linspace(-1.3, 1.7, n * columns).reshape(n, columns)


def _negate(roles: dict[str, Role], name: str | None) -> dict[str, Role]:
    if name is None:
        return roles
    role = roles[name]
    return roles | {name: _RememberingRole(W_x=-role.W_x, W_h=-role.W_h, b_x=-role.b_x, b_h=-role.b_h)}
