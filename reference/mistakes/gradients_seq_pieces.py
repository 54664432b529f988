"""The backward pass of the column-wise memory cell in pieces, so that each named mistake of `seq` can replace one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from reference.gradients.lstm_case import LSTMCase
from reference.gradients.lstm_columns import LSTMCache
from reference.gradients.rnn_columns import Array
from reference.mistakes.catalogue import function_mistake

seq_mistake = partial(function_mistake, of="gradients.lstm_case.lstm_gradients")

Values = dict[str, Array]
"""An array for each of f, u, c and o, or for each item of the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where the gradients are taken: the short symbols of the equations."""

    f: Array
    u: Array
    ct: Array
    """Candidate c̃."""
    o: Array
    c: Array
    """New cell state."""
    c_prev: Array
    da: Array
    dc: Array

    @classmethod
    def of(cls, case: LSTMCase) -> Point:
        """The symbols of a case."""
        s = case.cache
        return cls(f=s.f, u=s.u, ct=s.c_tilde, o=s.o, c=s.c_next, c_prev=s.c_prev, da=case.da_next, dc=case.dc_next)


def right_k(p: Point, cell_slope: Array) -> Array:
    """k: through the hidden state and from the next step."""
    return p.o * cell_slope * p.da + p.dc


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What the equations are made of; each piece is right unless it is replaced."""

    cell_slope: Callable[[Point], Array] = lambda p: 1 - np.tanh(p.c) ** 2
    """tanh' at c'."""
    k: Callable[[Point, Array], Array] = right_k
    """∂L/∂c', from the slope above."""
    gate_slope: Callable[[Array], Array] = lambda s: s * (1 - s)
    """σ' from the value of σ."""
    candidate_slope: Callable[[Array], Array] = lambda ct: 1 - ct**2
    """tanh' from the value of tanh."""
    gates: Callable[[Point, Array], Values] = lambda p, slope: {}
    """Whole gradients of gates that replace those of the equations, from the slope of the cell."""
    output: Callable[[Point], Array] = lambda p: np.tanh(p.c)
    """What multiplies da in (7)."""
    forgotten: Callable[[Point], Array] = lambda p: p.c_prev
    """What multiplies k in (10)."""


def gates_in_pieces(case: LSTMCase, pieces: Pieces) -> Values:
    """Equations 7 to 10, or the gates that the case gives."""
    if case.gates is not None:
        return {"f": case.gates.d_f, "u": case.gates.d_u, "c": case.gates.d_c, "o": case.gates.d_o}
    p = Point.of(case)
    slope = pieces.cell_slope(p)
    k = pieces.k(p, slope)
    return {
        "o": p.da * pieces.output(p) * pieces.gate_slope(p.o),
        "c": k * p.u * pieces.candidate_slope(p.ct),
        "u": k * p.ct * pieces.gate_slope(p.u),
        "f": k * pieces.forgotten(p) * pieces.gate_slope(p.f),
    } | pieces.gates(p, slope)


def weights_of(cache: LSTMCache) -> Values:
    """The matrix of each gate."""
    w = cache.weights
    return {"f": w.W_f, "u": w.W_u, "c": w.W_c, "o": w.W_o}


def gradients_in_pieces(case: LSTMCase, pieces: Pieces) -> Values:
    """Equations 7 to 17, which equal `lstm_gradients` while all pieces are right."""
    gates = gates_in_pieces(case, pieces)
    p, W, n_a = Point.of(case), weights_of(case.cache), case.cache.a_prev.shape[0]
    found = {} if case.gates is not None else {f"d_{g}": d for g, d in gates.items()}
    found |= {f"dW_{g}": d @ case.cache.joined.T for g, d in gates.items()}
    found |= {f"db_{g}": d.sum(axis=1, keepdims=True) for g, d in gates.items()}
    found["da_prev"] = sum_of([W[g][:, :n_a].T @ d for g, d in gates.items()])
    found["dc_prev"] = pieces.k(p, pieces.cell_slope(p)) * p.f
    found["dx"] = sum_of([W[g][:, n_a:].T @ d for g, d in gates.items()])
    return found


def sum_of(terms: list[Array]) -> Array:
    """Their sum, as an array."""
    return np.sum(terms, axis=0)  # type: ignore[no-any-return]  # NumPy's sum loses the type
