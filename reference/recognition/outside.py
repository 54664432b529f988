"""Finds what the registered parameters do not explain: a path by which an input reaches the outputs without them.

Whatever a cell does with its sums, the chain rule holds: the derivative by the input x is Σ G_k W_xk over all its
maps. A state may also be carried on unit by unit. What is left over enters by numbers that are no parameters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reference.recognition.clusters import Cluster, Pieces
from reference.recognition.observation import Array, CellObservation

_LOOSER = 100.0
"""The check adds up many products, so its rounding is coarser than that of one fit."""


def outside_numbers(pieces: Pieces, seen: CellObservation) -> list[str]:
    """What enters by numbers that are no registered parameters, one sentence for each input; empty if nothing does."""
    names = []
    for name, derivative in seen.input_jacobian.items():
        samples = np.arange(derivative.shape[0])
        own = derivative[samples, :, samples]  # (B, K, columns)
        explained = _explained(name, pieces, seen)
        if explained is None:
            continue
        rest = own - explained
        if name != "x":
            rest = rest - _carried_on(rest, seen)
        tolerance = _LOOSER * seen.tolerances.fit * max(1.0, float(np.abs(own).max(initial=0)))
        if float(np.abs(rest).max(initial=0)) > tolerance:
            names.append(f"{name} also enters by numbers that are not parameters of the module")
    return names


def _explained(name: str, pieces: Pieces, seen: CellObservation) -> Array | None:
    """Σ G W over the maps of one input; None where a map is not understood."""
    if name != "x" and any(block.source in ("h", "c") for block in pieces.loose):
        return None
    value = {"x": seen.point.x, "h": seen.point.h, "c": seen.point.c}[name]
    total = np.zeros((*seen.input_jacobian[name].shape[:2], value.shape[1]))
    for cluster in pieces.clusters:
        for block in (*cluster.input, *cluster.state):
            if block.source == name:
                gate = 1.0 if block.fed_with is None else _gate(block.fed_with, value)[:, None, :]
                total += (cluster.gain @ block.weight) * gate
    return total


def _gate(gated: Array, state: Array) -> Array:
    """The gate in gated = gate ⊙ state."""
    return gated / np.where(np.abs(state) < 1e-12, 1e-12, state)


def _carried_on(rest: Array, seen: CellObservation) -> Array:
    """The part of `rest` (B, K, n) in which each unit of a state leads to the same unit of the outputs."""
    batch, count, n = rest.shape
    outputs = seen.point.outputs.shape[1] // n
    if seen.directions is None:
        ways = np.broadcast_to(np.eye(outputs * n), (batch, outputs * n, outputs * n))
    else:
        ways = seen.directions
    ways = ways.reshape(batch, count, outputs, n).transpose(0, 3, 1, 2)  # (B, n, K, outputs)
    wanted = rest.swapaxes(1, 2)[..., None]  # (B, n, K, 1)
    factors = np.linalg.pinv(ways) @ wanted
    explained: Array = (ways @ factors)[..., 0].swapaxes(1, 2)
    return explained


def joined_by_constants(clusters: Sequence[Cluster], tolerance: float) -> bool:
    """True if two sums differ in constant factors only, so that they may be one sum with numbers of the student's."""
    for place, one in enumerate(clusters):
        for other in clusters[place + 1 :]:
            factor = (one.gain * other.gain).sum(axis=(0, 1)) / np.maximum(
                np.square(other.gain).sum(axis=(0, 1)), 1e-300
            )
            rest = one.gain - factor * other.gain
            if float(np.linalg.norm(rest)) <= 10 * tolerance * float(np.linalg.norm(one.gain)):
                return True
    return False
