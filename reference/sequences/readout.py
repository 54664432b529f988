"""Finds the last layer of a model and, through it, what it reads: the hidden state, with all its derivatives.

Scores are compared without their mean over the classes, so that scores, probabilities and log-probabilities can be
treated alike. The derivative of a centred score by the last layer's weights is the state that the layer reads, so this
state can be seen although the model never returns it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reference.sequences.evidence import Array, Run, SequenceEvidence, Tolerances

Link = Literal["scores", "softmax", "log softmax"]


class NoReadoutError(ValueError):
    """No single linear map of a state of the known width gives the output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the last layer reads in one run."""

    x: Array
    """(B, T, d)"""
    state: Array
    """(B, n)"""
    jacobian: Mapping[str, Array] | None
    """(B, n, *shape), for every parameter but the last layer's."""

    @property
    def steps(self) -> int:
        """T"""
        return int(self.x.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The last layer and what it reads."""

    link: Link
    weight: str
    """Name of its weights."""
    bias: str | None
    runs: tuple[Seen, ...]


def read_out(seen: SequenceEvidence) -> Readout:
    """The last layer of a model.

    Raises:
        NoReadoutError: if there is none.
    """
    link = _link(seen)
    centred = [_centred(run, link) for run in seen.runs]
    bias = _bias(seen, centred)
    for name, value in seen.parameters.items():
        weight = _oriented(value, seen.hidden_size, int(seen.runs[0].outputs.shape[1]))
        if weight is None:
            continue
        states = [_state(name, one, value.shape != weight.shape, seen.tolerances) for one in centred]
        if any(state is None for state, one in zip(states, centred, strict=True) if one.jacobian is not None):
            continue
        return _readout(seen, centred, link, name, bias, weight, states)
    raise NoReadoutError("no last layer was found that is a linear map of a state of the width asked for")


def _link(seen: SequenceEvidence) -> Link:
    outputs = np.concatenate([run.outputs for run in seen.runs])
    near = seen.tolerances.value
    if float(outputs.min()) >= 0 and float(np.abs(outputs.sum(1) - 1).max()) <= near:
        return "softmax"
    if float(outputs.max()) <= near and float(np.abs(np.exp(np.minimum(outputs, 0)).sum(1) - 1).max()) <= near:
        return "log softmax"
    return "scores"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Centred:
    x: Array
    scores: Array
    """(B, K), mean 0"""
    jacobian: Mapping[str, Array] | None
    """(B, K, *shape)"""


def _centred(run: Run, link: Link) -> _Centred:
    scores, jacobian = run.outputs, run.jacobian
    if link == "softmax":
        safe = np.maximum(scores, 1e-300)
        scores = np.log(safe)
        if jacobian is not None:
            jacobian = {
                name: value / safe.reshape(*safe.shape, *[1] * (value.ndim - 2)) for name, value in jacobian.items()
            }
    return _Centred(
        x=run.x,
        scores=scores - scores.mean(1, keepdims=True),
        jacobian=None
        if jacobian is None
        else {name: value - value.mean(1, keepdims=True) for name, value in jacobian.items()},
    )


def _centring(classes: int) -> Array:
    """(K, K): what takes the mean away."""
    return np.eye(classes) - 1.0 / classes


def _bias(seen: SequenceEvidence, centred: list[_Centred]) -> str | None:
    """The parameter that is added to the scores."""
    classes = seen.runs[0].outputs.shape[1]
    wanted = _centring(classes)[None]
    for name, value in seen.parameters.items():
        if value.size == classes and all(
            float(np.abs(one.jacobian[name].reshape(-1, classes, classes) - wanted).max()) <= seen.tolerances.fit
            for one in centred
            if one.jacobian is not None
        ):
            return name
    return None


def _oriented(value: Array, hidden: int, classes: int) -> Array | None:
    """The parameter as (K, n), if it can be the last layer's weights."""
    if value.shape == (classes, hidden):
        return value
    return value.T if value.shape == (hidden, classes) else None


def _state(name: str, one: _Centred, turned: bool, tolerances: Tolerances) -> Array | None:
    """What the weights multiply; None if they multiply nothing known."""
    if one.jacobian is None:
        return None
    jacobian = one.jacobian[name]  # (B, K, K, n)
    if turned:
        jacobian = jacobian.swapaxes(2, 3)
    classes = jacobian.shape[1]
    state: Array = np.einsum("bkki->bi", jacobian) / (classes - 1)
    residual = jacobian - _centring(classes)[None, :, :, None] * state[:, None, None, :]
    fits = float(np.abs(residual).max()) <= tolerances.fit * max(1.0, float(np.abs(state).max()))
    return state if fits else None


def _readout(
    seen: SequenceEvidence,
    centred: list[_Centred],
    link: Link,
    name: str,
    bias: str | None,
    weight: Array,
    states: list[Array | None],
) -> Readout:
    """The readout, its state in every run, and the derivatives of that state.

    Raises:
        NoReadoutError: if weights, state and bias do not give the scores.
    """
    inverse = np.linalg.pinv(_centring(weight.shape[0]) @ weight)  # (n, K)
    offset = np.zeros(weight.shape[0]) if bias is None else seen.parameters[bias].reshape(-1)
    runs = []
    for one, known in zip(centred, states, strict=True):
        state = (one.scores - (offset - offset.mean())) @ inverse.T
        if known is not None and float(np.abs(state - known).max()) > seen.tolerances.fit * 10 * max(
            1.0, float(np.abs(known).max())
        ):
            raise NoReadoutError("the scores are no linear map of the state that the last layer reads")
        jacobian = None
        if one.jacobian is not None:
            jacobian = {
                key: np.einsum("nk,bk...->bn...", inverse, value)
                for key, value in one.jacobian.items()
                if key not in (name, bias)
            }
        runs.append(Seen(x=one.x, state=state, jacobian=jacobian))
    return Readout(link=link, weight=name, bias=bias, runs=tuple(runs))
