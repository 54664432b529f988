"""Reads the evidence about a cell. Shapes and finiteness are checked here, once; nothing later trusts or repeats it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.recognition.families import Family

Array = NDArray[np.float64]

MAX_PARAMETERS = 100
"""A cell with more parameter tensors than this is left to a person."""


class ObservationError(ValueError):
    """The evidence cannot be judged; the message says what is odd about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How near is equal; one set for each precision of the evidence."""

    fit: float
    """Relative residual of a rank-one fit."""
    same: float
    """Relative distance of two derivatives that count as one."""
    value: float
    """Distance of outputs, relative to the largest of them or 1."""
    derivative: float
    """Distance of derivatives by one block of a parameter, or by an input, relative to the largest of them."""
    dead: float
    """Largest derivative, relative to that of all parameters, that counts as none."""
    weak: float
    """Largest derivative by a sum below which the point says too little about it, as where a gate is saturated."""


EXACT = Tolerances(fit=1e-8, same=1e-7, value=1e-9, derivative=1e-8, dead=1e-13, weak=1e-3)
NUMERIC = Tolerances(fit=1e-6, same=1e-6, value=1e-9, derivative=1e-6, dead=1e-9, weak=1e-3)
"""Outputs in double precision, derivatives by central differences, whose error is about 1e-10 at the steps in use."""
SINGLE = Tolerances(fit=1e-4, same=1e-4, value=2e-5, derivative=5e-4, dead=1e-7, weak=1e-2)
PRECISIONS: Mapping[str, Tolerances] = {"float64": EXACT, "float64 differences": NUMERIC, "float32": SINGLE}

_SMALLEST_INPUT = 1e-3
"""A sample of x, h or c at the point of the Jacobian that is nearer to zero shows nothing about what it multiplies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One call: what went in, what came out."""

    x: Array
    h: Array
    c: Array
    outputs: Array
    """(B, outputs · n): the returned tensors side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellObservation:
    """Evidence about one cell in float64."""

    input_size: int
    hidden_size: int
    tolerances: Tolerances
    parameters: Mapping[str, Array]
    point: Sample
    """Where derivatives were taken."""
    directions: Array | None
    """(B, K, outputs · n): the sums of outputs of each sample that were differentiated; None: each output by itself."""
    parameter_jacobian: Mapping[str, Array]
    """Qualified name: (B, K, *shape), where K is the number of directions, or outputs · n."""
    input_jacobian: Mapping[str, Array]
    """x, h or c: (B, K, B, columns)."""
    samples: Sample
    """The point and all trials as one batch."""
    steady: bool
    """True if the first trial, repeated, gave the same outputs."""


def read_observation(family: Family, raw: Mapping[str, Any]) -> CellObservation:
    """Check the evidence about a cell.

    Raises:
        ObservationError: if something is missing, has another shape, or is not finite.
    """
    d, n = int(raw["input_size"]), int(raw["hidden_size"])
    point = _sample(family, raw, d, n)
    trials = [_sample(family, trial, d, n) for trial in raw["trials"]]
    if not trials:
        raise ObservationError("there are no trials beside the first point")
    if len(raw["parameters"]) > MAX_PARAMETERS:
        raise ObservationError(f"there are {len(raw['parameters'])} parameters; at most {MAX_PARAMETERS} are judged")
    parameters = {name: _real(value, name) for name, value in raw["parameters"].items()}
    repeated = _outputs(family, raw["repeated"], trials[0].h)
    inputs = {"x": point.x, "h": point.h} | ({"c": point.c} if family.has_cell_state else {})
    for name, value in inputs.items():
        if not value.size or float(np.abs(value).max(1).min()) < _SMALLEST_INPUT:
            raise ObservationError(f"{name} is zero where derivatives were taken, so they say nothing about its map")
    directions = _directions(raw.get("directions"), point)
    everything = [point, *trials]
    return CellObservation(
        input_size=d,
        hidden_size=n,
        tolerances=_tolerances(raw.get("dtype", "float64")),
        parameters=parameters,
        point=point,
        directions=directions,
        parameter_jacobian={
            name: _jacobian(family, raw["jacobian"], name, value.shape, point, directions)
            for name, value in parameters.items()
        },
        input_jacobian={
            name: _jacobian(family, raw["jacobian"], name, value.shape, point, directions)
            for name, value in inputs.items()
        },
        samples=Sample(
            x=np.concatenate([sample.x for sample in everything]),
            h=np.concatenate([sample.h for sample in everything]),
            c=np.concatenate([sample.c for sample in everything]),
            outputs=np.concatenate([sample.outputs for sample in everything]),
        ),
        steady=np.array_equal(repeated, trials[0].outputs),
    )


def _tolerances(precision: object) -> Tolerances:
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise ObservationError(f"the precision {precision!r} is none of {', '.join(PRECISIONS)}")
    return PRECISIONS[precision]


def _real(value: object, name: str) -> Array:
    if not isinstance(value, Tensor) or not value.dtype.is_floating_point:
        raise ObservationError(f"{name} is not a tensor of real numbers")
    numbers: Array = value.detach().to(torch.float64).numpy()
    if not np.isfinite(numbers).all():
        raise ObservationError(f"{name} contains NaN or infinity")
    return numbers


def _sample(family: Family, raw: Mapping[str, Any], d: int, n: int) -> Sample:
    x, h = _real(raw["x"], "x"), _real(raw["h"], "h")
    c = _real(raw["c"], "c") if family.has_cell_state else h
    batch = x.shape[0] if x.ndim else 0
    if x.shape != (batch, d) or h.shape != (batch, n) or c.shape != (batch, n):
        raise ObservationError(f"inputs have shapes {x.shape}, {h.shape}, {c.shape}")
    return Sample(x=x, h=h, c=c, outputs=_outputs(family, raw["outputs"], h))


def _outputs(family: Family, raw: Sequence[object], like: Array) -> Array:
    if len(raw) != family.outputs:
        raise ObservationError(f"a step returned {len(raw)} tensor(s); {family.outputs} are expected")
    values = [_real(value, "an output") for value in raw]
    for value in values:
        if value.shape != like.shape:
            raise ObservationError(f"an output has shape {value.shape}; {like.shape} is expected")
    return np.concatenate(values, axis=1)


def _directions(raw: object, point: Sample) -> Array | None:
    if raw is None:
        return None
    value = _real(raw, "the directions")
    batch, outputs = point.outputs.shape
    if value.ndim != 3 or value.shape[0] != batch or value.shape[1] < 1 or value.shape[2] != outputs:
        raise ObservationError(f"the directions have shape {value.shape}")
    return value


def _jacobian(
    family: Family,
    raw: Mapping[str, Any],
    name: str,
    shape: tuple[int, ...],
    point: Sample,
    directions: Array | None,
) -> Array:
    """(B, K, *shape): rows come sample by sample along directions, else output by output."""
    if name not in raw:
        raise ObservationError(f"the derivative with respect to {name} is missing")
    value = _real(raw[name], f"the derivative with respect to {name}")
    batch, n = point.h.shape
    each = family.outputs * n if directions is None else directions.shape[1]
    if value.shape != (batch * each, *shape):
        raise ObservationError(f"the derivative with respect to {name} has shape {value.shape}")
    if directions is not None or family.outputs == 1:
        return value.reshape(batch, each, *shape)
    split = value.reshape(family.outputs, batch, n, *shape)
    return split.swapaxes(0, 1).reshape(batch, each, *shape)
