"""Right layers over a whole sequence, forwards and back, in NumPy.

The models of a probe are so small that torch spends its time on calling and recording, not on numbers. So a layer is
one step of what torch differentiates, and the derivatives of its steps are written out here; a test compares them with
those of torch's own layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.cells.joined import Joined

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a layer is given, as arrays."""

    x: Array
    """(T, B, d)"""
    first: Sequence[Array]
    """The first state, (B, n) each."""
    w_x: Array
    w_h: Array
    b_x: Array
    b_h: Array

    def before(self, states: Array) -> Array:
        """The hidden state before each step, from those after it: (T, B, n)."""
        return np.concatenate((self.first[0][None], states[:-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slopes:
    """Derivatives of a number, by what a layer has computed on the way."""

    of_input: Array
    """By the input's part of each sum: (T, B, roles · n)."""
    of_state: Array
    """By the state's part of each sum."""
    w_h: Array
    first: tuple[Array, ...]
    """By the first state."""

    def joined(self, given: Given) -> tuple[Array, Array, Array, Array]:
        """By W_ih, W_hh, b_ih and b_hh."""
        of_input = _flat(self.of_input)
        return of_input.T @ _flat(given.x), self.w_h, of_input.sum(0), _flat(self.of_state).sum(0)


Back = Callable[[Sequence[Array]], Slopes]
"""Derivatives by the states after all steps, (T, B, n) each -> all others."""
Layer = Callable[[Given], tuple[tuple[Array, ...], Back]]
"""The states after all steps, and the way back."""


def _flat(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])


def lstm(given: Given) -> tuple[tuple[Array, ...], Back]:
    """The long short-term memory cell; roles i, f, g, o."""
    n = given.w_h.shape[1]
    # σ(a) = tanh(a/2)/2 + 1/2, so that one call of tanh serves all four roles.
    half = np.repeat((0.5, 0.5, 1.0, 0.5), n)
    rest, w = 1.0 - half, given.w_h.T * half
    gates = (given.x @ given.w_x.T + (given.b_x + given.b_h)) * half
    h, c = given.first
    hidden, cell = np.empty((2, *gates.shape[:2], n))
    for step, a in enumerate(gates):
        a += h @ w
        np.tanh(a, out=a)
        a *= half
        a += rest
        c = cell[step] = a[:, n : 2 * n] * c + a[:, :n] * a[:, 2 * n : 3 * n]
        h = hidden[step] = a[:, 3 * n :] * np.tanh(c)

    def back(slopes: Sequence[Array]) -> Slopes:
        i, f, g, o = (gates[..., start : start + n] for start in range(0, 4 * n, n))
        squashed = np.tanh(cell)
        earlier = np.concatenate((given.first[1][None], cell[:-1]))
        by_cell = np.stack((g * i * (1 - i), earlier * f * (1 - f), i * (1 - g * g)), axis=2)
        by_hidden, through = squashed * o * (1 - o), o * (1 - squashed * squashed)
        sums = np.empty((*hidden.shape[:2], 4, n))
        dh = dc = np.zeros(hidden.shape[1:])
        for step in reversed(range(len(hidden))):
            dh = dh + slopes[0][step]
            dc = dc + slopes[1][step] + dh * through[step]
            sums[step, :, :3] = by_cell[step] * dc[:, None]
            sums[step, :, 3] = by_hidden[step] * dh
            dh = sums[step].reshape(len(dh), 4 * n) @ given.w_h
            dc = dc * f[step]
        found = sums.reshape(gates.shape)
        w_h = _flat(found).T @ _flat(given.before(hidden))
        return Slopes(of_input=found, of_state=found, w_h=w_h, first=(dh, dc))

    return (hidden, cell), back


def gru(given: Given, *, gate_first: bool) -> tuple[tuple[Array, ...], Back]:
    """The gated recurrent unit; roles r, z, n. With `gate_first` the reset gate multiplies before the product."""
    n = given.w_h.shape[1]
    w_gates, w_new = given.w_h[: 2 * n].T * 0.5, given.w_h[2 * n :].T
    b_new = given.b_h[2 * n :]
    sums = given.x @ given.w_x.T + given.b_x
    gates, new = sums[..., : 2 * n], sums[..., 2 * n :]
    gates += given.b_h[: 2 * n]
    gates *= 0.5
    (h,) = given.first
    hidden, gated = np.empty((2, *new.shape))
    for step, (a, candidate) in enumerate(zip(gates, new, strict=True)):
        a += h @ w_gates
        np.tanh(a, out=a)
        a *= 0.5
        a += 0.5
        if gate_first:
            gated[step] = a[:, :n] * h
            candidate += gated[step] @ w_new + b_new
        else:
            gated[step] = h @ w_new + b_new
            candidate += a[:, :n] * gated[step]
        np.tanh(candidate, out=candidate)
        h = hidden[step] = candidate + a[:, n:] * (h - candidate)

    def back(slopes: Sequence[Array]) -> Slopes:
        r, z = gates[..., :n], gates[..., n:]
        before = given.before(hidden)
        by_new, by_update = (1 - z) * (1 - new * new), (before - new) * z * (1 - z)
        by_reset = (before if gate_first else gated) * r * (1 - r)
        of_input, of_state = np.empty((2, *sums.shape))
        dh = np.zeros(hidden.shape[1:])
        for step in reversed(range(len(hidden))):
            dh = dh + slopes[0][step]
            candidate = dh * by_new[step]
            through = candidate @ given.w_h[2 * n :] if gate_first else candidate
            of_input[step, :, :n] = through * by_reset[step]
            of_input[step, :, n : 2 * n] = dh * by_update[step]
            of_input[step, :, 2 * n :] = candidate
            of_state[step] = of_input[step]
            dh = dh * z[step] + of_input[step, :, : 2 * n] @ given.w_h[: 2 * n]
            if gate_first:
                dh += through * r[step]
            else:
                of_state[step, :, 2 * n :] *= r[step]
                dh += of_state[step, :, 2 * n :] @ given.w_h[2 * n :]
        w_h = _flat(of_state).T @ _flat(before)
        if gate_first:
            w_h[2 * n :] = _flat(of_state[..., 2 * n :]).T @ _flat(gated)
        return Slopes(of_input=of_input, of_state=of_state, w_h=w_h, first=(dh,))

    return (hidden,), back


def rnn(given: Given, *, relu: bool) -> tuple[tuple[Array, ...], Back]:
    """The plain recurrent cell."""
    hidden = given.x @ given.w_x.T + (given.b_x + given.b_h)
    (h,) = given.first
    for a in hidden:
        a += h @ given.w_h.T
        h = np.maximum(a, 0.0, out=a) if relu else np.tanh(a, out=a)

    def back(slopes: Sequence[Array]) -> Slopes:
        by_sum = (hidden > 0).astype(hidden.dtype) if relu else 1 - hidden * hidden
        sums = np.empty_like(hidden)
        dh = np.zeros(hidden.shape[1:])
        for step in reversed(range(len(hidden))):
            sums[step] = (dh + slopes[0][step]) * by_sum[step]
            dh = sums[step] @ given.w_h
        return Slopes(of_input=sums, of_state=sums, w_h=_flat(sums).T @ _flat(given.before(hidden)), first=(dh,))

    return (hidden,), back


WHOLE: Mapping[str, Layer] = {
    "lstm.correct": lstm,
    "gru.correct_after": lambda given: gru(given, gate_first=False),
    "gru.correct_before": lambda given: gru(given, gate_first=True),
    "rnn.correct_tanh": lambda given: rnn(given, relu=False),
    "rnn.correct_relu": lambda given: rnn(given, relu=True),
}
"""Formulas whose steps are made all at once."""


def given_of(x: Array, first: Sequence[Array], joined: Sequence[Array]) -> Given:
    """What a layer is given.

    Args:
        x: the sequence, (T, B, d).
        first: the state before it, (B, n) each.
        joined: W_ih, W_hh, b_ih, b_hh.

    Raises:
        RuntimeError: if their sizes do not fit together, as torch says it.
    """
    w_x, w_h, b_x, b_h = joined
    if x.ndim != 3 or x.shape[2] != w_x.shape[1] or any(one.shape != (x.shape[1], w_h.shape[1]) for one in first):
        sizes = [value.shape for value in (x, *first)]
        raise RuntimeError(f"a layer of {w_x.shape[1]} columns and {w_h.shape[1]} units was given {sizes}")
    return Given(x=x, first=first, w_x=w_x, w_h=w_h, b_x=b_x, b_h=b_h)


def arrays_of(tensors: Sequence[Tensor]) -> list[Array]:
    """Tensors as arrays that share their memory."""
    return [value.detach().numpy() for value in tensors]


class _Sweep(torch.autograd.Function):
    """A layer as one step of what torch differentiates."""

    @staticmethod
    def forward(ctx: Any, layer: Layer, x: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
        arrays = arrays_of(others)
        ctx.given = given_of(x.detach().numpy(), arrays[4:], arrays[:4])
        states, ctx.back = layer(ctx.given)
        return tuple(torch.from_numpy(state) for state in states)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        given: Given = ctx.given
        found: Slopes = ctx.back(arrays_of(slopes))
        by = (found.of_input @ given.w_x, *found.joined(given), *found.first)
        return None, *(torch.from_numpy(value) for value in by)


def sweep(formula: str, x: Tensor, first: Sequence[Tensor], joined: Joined) -> tuple[Tensor, ...]:
    """The states after all steps, (T, B, n) each.

    Args:
        formula: one of `WHOLE`.
        x: the sequence, (T, B, d).
        first: the state before it.
        joined: the matrices, roles in the order of torch's own layers.

    Raises:
        RuntimeError: if their sizes do not fit together.
    """
    if torch.is_grad_enabled():
        found: tuple[Tensor, ...] = _Sweep.apply(WHOLE[formula], x, *joined, *first)  # type: ignore[no-untyped-call]
        return found
    states, _ = WHOLE[formula](given_of(x.detach().numpy(), arrays_of(first), arrays_of(joined)))
    return tuple(torch.from_numpy(state) for state in states)
