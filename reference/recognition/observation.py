"""Reads the evidence about a cell. Shapes and finiteness are checked here, once; nothing later trusts or repeats it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from reference.recognition.families import Family

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
    """Distance of derivatives, relative to the largest of them or 1."""


EXACT = Tolerances(fit=1e-8, same=1e-7, value=1e-9, derivative=1e-8)
SINGLE = Tolerances(fit=1e-4, same=1e-4, value=2e-5, derivative=2e-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One call: what went in, what came out."""

    x: Tensor
    h: Tensor
    c: Tensor
    outputs: Tensor
    """(B, outputs · n): the returned tensors side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellObservation:
    """Evidence about one cell in float64."""

    input_size: int
    hidden_size: int
    tolerances: Tolerances
    parameters: Mapping[str, Tensor]
    point: Sample
    """Where the Jacobian was taken."""
    parameter_jacobian: Mapping[str, Tensor]
    """Qualified name: (B, outputs · n, *shape)."""
    input_jacobian: Mapping[str, Tensor]
    """x, h or c: (B, outputs · n, B, columns)."""
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
    tolerances = SINGLE if raw.get("dtype") == "float32" else EXACT
    repeated = _outputs(family, raw["repeated"], trials[0].h)
    inputs = {"x": point.x, "h": point.h} | ({"c": point.c} if family.has_cell_state else {})
    jacobian = raw["jacobian"]
    everything = [point, *trials]
    return CellObservation(
        input_size=d,
        hidden_size=n,
        tolerances=tolerances,
        parameters=parameters,
        point=point,
        parameter_jacobian={
            name: _jacobian(family, jacobian, name, value.shape, point) for name, value in parameters.items()
        },
        input_jacobian={name: _jacobian(family, jacobian, name, value.shape, point) for name, value in inputs.items()},
        samples=Sample(
            x=torch.cat([sample.x for sample in everything]),
            h=torch.cat([sample.h for sample in everything]),
            c=torch.cat([sample.c for sample in everything]),
            outputs=torch.cat([sample.outputs for sample in everything]),
        ),
        steady=torch.equal(repeated, trials[0].outputs),
    )


def _real(value: object, name: str) -> Tensor:
    if not isinstance(value, Tensor) or not value.dtype.is_floating_point:
        raise ObservationError(f"{name} is not a tensor of real numbers")
    if not bool(torch.isfinite(value).all()):
        raise ObservationError(f"{name} contains NaN or infinity")
    return value.detach().to(torch.float64)


def _sample(family: Family, raw: Mapping[str, Any], d: int, n: int) -> Sample:
    x, h = _real(raw["x"], "x"), _real(raw["h"], "h")
    c = _real(raw["c"], "c") if family.has_cell_state else h
    batch = x.shape[0]
    if x.shape != (batch, d) or h.shape != (batch, n) or c.shape != (batch, n):
        raise ObservationError(f"inputs have shapes {tuple(x.shape)}, {tuple(h.shape)}, {tuple(c.shape)}")
    return Sample(x=x, h=h, c=c, outputs=_outputs(family, raw["outputs"], h))


def _outputs(family: Family, raw: Sequence[object], like: Tensor) -> Tensor:
    if len(raw) != family.outputs:
        raise ObservationError(f"a step returned {len(raw)} tensor(s); {family.outputs} are expected")
    values = [_real(value, "an output") for value in raw]
    for value in values:
        if value.shape != like.shape:
            raise ObservationError(f"an output has shape {tuple(value.shape)}; {tuple(like.shape)} is expected")
    return torch.cat(values, dim=1)


def _jacobian(family: Family, raw: Mapping[str, Any], name: str, shape: Sequence[int], point: Sample) -> Tensor:
    if name not in raw:
        raise ObservationError(f"the derivative with respect to {name} is missing")
    value = _real(raw[name], f"the derivative with respect to {name}")
    batch, n = point.h.shape
    if value.shape != (family.outputs * batch * n, *shape):
        raise ObservationError(f"the derivative with respect to {name} has shape {tuple(value.shape)}")
    split = value.reshape(family.outputs, batch, n, *shape)
    return split.transpose(0, 1).reshape(batch, family.outputs * n, *shape)
