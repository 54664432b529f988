"""Reads the evidence about a model that keeps its cell inside: runs of several lengths, each from a zero state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]

MAX_PARAMETERS = 60
"""A model with more parameter tensors than this is left to a person."""


class SequenceEvidenceError(ValueError):
    """The evidence cannot be judged; the message says what is odd about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How near is equal; one set for each precision of the evidence."""

    fit: float
    """Relative residual of what should be a map of something known."""
    value: float
    """Distance of hidden states, relative to the largest of them or 1."""
    derivative: float
    """Distance of derivatives by one parameter, relative to the largest of all."""
    dead: float
    """Largest derivative, relative to all others, that counts as none."""


PRECISIONS: Mapping[str, Tolerances] = {
    "float64": Tolerances(fit=1e-7, value=1e-8, derivative=1e-7, dead=1e-12),
    "float32": Tolerances(fit=2e-3, value=2e-4, derivative=2e-3, dead=1e-6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One call of a fresh model, all of which have the same parameters."""

    x: Array
    """(B, T, d)"""
    outputs: Array
    """(B, K)"""
    jacobian: Mapping[str, Array] | None
    """(B, K, *shape of the parameter); None where only outputs were taken."""
    repeated: Array | None
    """What the same call gave once more."""

    @property
    def steps(self) -> int:
        """T"""
        return int(self.x.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceEvidence:
    """Evidence about one model."""

    hidden_size: int
    input_size: int
    parameters: Mapping[str, Array]
    runs: tuple[Run, ...]
    """By length, the shortest first."""
    attributes: Mapping[str, float]
    """Numbers that the model keeps beside its parameters."""
    tolerances: Tolerances


def read_sequence_evidence(raw: Mapping[str, Any]) -> SequenceEvidence:
    """The evidence, checked.

    Raises:
        SequenceEvidenceError: if shapes do not fit together or numbers are not finite.
    """
    parameters = {str(name): _array(value, f"parameter {name}") for name, value in raw["parameters"].items()}
    if not parameters:
        raise SequenceEvidenceError("the model has no registered parameter")
    if len(parameters) > MAX_PARAMETERS:
        raise SequenceEvidenceError(f"the model has {len(parameters)} parameters, more than are looked at")
    runs = sorted((_run(one, parameters) for one in raw["runs"]), key=lambda run: run.steps)
    if sum(run.jacobian is not None for run in runs) < 2:
        raise SequenceEvidenceError("derivatives of two runs are needed")
    return SequenceEvidence(
        hidden_size=int(raw["hidden_size"]),
        input_size=int(runs[0].x.shape[2]),
        parameters=parameters,
        runs=tuple(runs),
        attributes={name: float(value) for name, value in raw.get("attributes", {}).items()},
        tolerances=PRECISIONS[raw.get("dtype", "float64")],
    )


def _run(raw: Mapping[str, Any], parameters: Mapping[str, Array]) -> Run:
    x, outputs = _array(raw["x"], "the input"), _array(raw["outputs"], "the output")
    if x.ndim != 3 or outputs.ndim != 2 or outputs.shape[0] != x.shape[0]:
        raise SequenceEvidenceError(f"an input {x.shape} with an output {outputs.shape}")
    jacobian = None
    if raw.get("jacobian") is not None:
        jacobian = {
            name: _reshaped(raw["jacobian"][name], (*outputs.shape, *value.shape), name)
            for name, value in parameters.items()
        }
    repeated = raw.get("repeated")
    return Run(
        x=x,
        outputs=outputs,
        jacobian=jacobian,
        repeated=None if repeated is None else _array(repeated, "the repeated output"),
    )


def _reshaped(value: object, shape: Sequence[int], name: str) -> Array:
    array = _array(value, f"the derivative by {name}")
    if array.size != int(np.prod(shape)):
        raise SequenceEvidenceError(f"the derivative by {name} has another size than the parameter")
    return array.reshape(tuple(shape))


def _array(value: object, what: str) -> Array:
    array = value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise SequenceEvidenceError(f"{what} holds values that are not finite real numbers")
    return array.astype(np.float64)
