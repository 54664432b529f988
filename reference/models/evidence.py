"""Reads the evidence about one run of a model and finds its cells, its classifier and their recorded calls."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.models.layers import RecordedCall
from reference.recognition.families import FAMILIES, Family

LIBRARY_CELLS = {"LSTMCell": "lstm", "GRUCell": "gru", "RNNCell": "rnn_tanh"}
"""torch's own cells, by class name."""

MAX_CELLS = 64
"""A model with more cells than this is left to a person."""


class ModelEvidenceError(ValueError):
    """The evidence cannot be judged; the message says what is odd about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module of the model."""

    name: str
    type: str
    library: bool
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How near is equal, for outputs and for gradients."""

    value: float
    gradient: float


EXACT = Precision(value=1e-9, gradient=1e-8)
SINGLE = Precision(value=1e-5, gradient=1e-4)
ROUNDED = Precision(value=1e-6, gradient=1e-5)
"""Where a cell holds constants, which recognition finds to seven digits."""


@dataclass(frozen=True, kw_only=True)
class ModelEvidence:
    """Evidence about one run, in float64."""

    family: Family
    input_size: int
    hidden_size: int
    layers: int
    bidirectional: bool
    precision: Precision
    parameters: Mapping[str, Tensor]
    cells: tuple[Module, ...]
    """Cells of the forward direction, bottom first."""
    reverse_cells: tuple[Module, ...]
    classifier: Module | None
    x: Tensor
    outputs: Tensor | None
    """None if the call raised."""
    weights: Tensor | None
    gradients: Mapping[str, Tensor]
    raw: Mapping[str, Any]
    """As it was handed over."""

    @property
    def complete(self) -> bool:
        """True if there is a cell for each layer and direction that is asked for."""
        backward = self.layers if self.bidirectional else 0
        return len(self.cells) == self.layers and len(self.reverse_cells) == backward

    @cached_property
    def calls(self) -> tuple[RecordedCall, ...]:
        """Every recorded call in order; read only where replay does not explain the run."""
        tensors = {
            name: value.detach().to(torch.float64)
            for name, value in self.raw["tensors"].items()
            if isinstance(value, Tensor)
        }
        return tuple(_call(call, tensors) for call in self.raw["calls"])

    @cached_property
    def output_numbers(self) -> NDArray[np.float64] | None:
        """The output, axes of length 1 left out; None if the call raised."""
        return None if self.outputs is None else self.outputs.numpy().squeeze()


def read_evidence(raw: Mapping[str, Any], classes: Sequence[str], *, bidirectional: bool) -> ModelEvidence:
    """Check the evidence of a run; `classes` are the class names of the student's cells.

    Raises:
        ModelEvidenceError: if something is missing or not a finite tensor.
    """
    try:
        return _read(raw, classes, bidirectional=bidirectional)
    except KeyError as error:
        raise ModelEvidenceError(f"the evidence lacks {error}") from error


def _read(raw: Mapping[str, Any], classes: Sequence[str], *, bidirectional: bool) -> ModelEvidence:
    for name in ("calls", "tensors"):
        if name not in raw:
            raise KeyError(name)
    if raw["family"] not in FAMILIES:
        raise ModelEvidenceError(f"family must be one of {', '.join(FAMILIES)}; found {raw['family']!r}")
    single = raw.get("dtype") == "float32"
    modules = [
        Module(
            name=name,
            type=str(facts["class"]),
            library=bool(facts.get("library", False)),
            attributes=facts.get("attributes") or {},
        )
        for name, facts in raw["modules"].items()
    ]
    roles = raw.get("roles") or {}
    cells, reverse_cells = _find_cells(modules, classes, roles, int(raw["layers"]), bidirectional)
    if len(cells) + len(reverse_cells) > MAX_CELLS:
        raise ModelEvidenceError(f"{len(cells) + len(reverse_cells)} cells were found; at most {MAX_CELLS} are judged")
    x = _real(raw["x"], "the input")
    outputs = None if raw["outputs"] is None else _real(raw["outputs"], "the output")
    weights = None if raw.get("weights") is None else _real(raw["weights"], "the weights")
    if outputs is not None and weights is not None and weights.numel() != outputs.numel():
        raise ModelEvidenceError(f"the weights have {weights.numel()} numbers, the output {outputs.numel()}")
    return ModelEvidence(
        family=FAMILIES[raw["family"]],
        input_size=int(raw["input_size"]),
        hidden_size=int(raw["hidden_size"]),
        layers=int(raw["layers"]),
        bidirectional=bidirectional,
        precision=SINGLE if single else EXACT,
        parameters={name: _real(value, name) for name, value in raw["parameters"].items()},
        cells=cells,
        reverse_cells=reverse_cells,
        classifier=_find_classifier(modules, [*cells, *reverse_cells], roles, raw),
        x=x.to(torch.float32).to(torch.float64) if single else x,
        outputs=outputs,
        weights=weights,
        gradients={name: _real(value, f"gradient of {name}") for name, value in raw["gradients"].items()},
        raw=raw,
    )


def _real(value: object, name: str) -> Tensor:
    if not isinstance(value, Tensor) or not value.dtype.is_floating_point:
        raise ModelEvidenceError(f"{name} is not a tensor of real numbers")
    # A finite sum is the cheap proof; an infinite one may come of large numbers.
    if not math.isfinite(float(value.detach().sum())) and not bool(torch.isfinite(value).all()):
        raise ModelEvidenceError(f"{name} contains NaN or infinity")
    return value.detach().to(torch.float64)


def _call(raw: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> RecordedCall:
    def known(ids: Sequence[str]) -> tuple[Tensor, ...]:
        return tuple(tensors[name] for name in ids if name in tensors)

    return RecordedCall(module=str(raw["module"]), inputs=known(raw["inputs"]), outputs=known(raw["outputs"]))


@lru_cache(maxsize=1024)
def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts `list.10` after `list.9`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _find_cells(
    modules: Sequence[Module],
    classes: Sequence[str],
    roles: Mapping[str, str | None],
    layers: int,
    bidirectional: bool,
) -> tuple[tuple[Module, ...], tuple[Module, ...]]:
    found = [
        module for module in modules if module.type in classes or (module.library and module.type in LIBRARY_CELLS)
    ]
    names = [module.name for module in found]
    outer = [module for module in found if not any(module.name.startswith(f"{name}.") for name in names if name)]
    outer.sort(key=lambda module: natural(module.name))

    def under(attribute: str | None) -> tuple[Module, ...]:
        return tuple(m for m in outer if attribute and (m.name == attribute or m.name.startswith(f"{attribute}.")))

    forward, backward = under(roles.get("cells")), under(roles.get("reverse_cells"))
    if not bidirectional:
        return forward or tuple(outer), ()
    if forward or backward:
        return forward, backward
    # Held elsewhere: named by direction, or the first half of the list reads forwards.
    backward = tuple(m for m in outer if re.search(r"rev|back|bwd", m.name.lower()))
    forward = tuple(m for m in outer if m not in backward)
    if not backward and len(forward) == 2 * layers:
        return forward[:layers], forward[layers:]
    return forward, backward


def _find_classifier(
    modules: Sequence[Module], cells: Sequence[Module], roles: Mapping[str, str | None], raw: Mapping[str, Any]
) -> Module | None:
    attribute = roles.get("classifier")
    for module in modules:
        if attribute and module.name == attribute:
            return module
    outside = [
        module
        for module in modules
        if module.library
        and module.type == "Linear"
        and not any(module.name.startswith(f"{cell.name}.") for cell in cells)
    ]
    called = {call["module"] for call in raw["calls"]}
    return next((module for module in reversed(outside) if module.name in called), None)
