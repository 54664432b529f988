"""Builds reference networks from evidence: one that computes, one that looks up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reference.models.evidence import LIBRARY_CELLS, ModelEvidence, Module
from reference.models.gather import Gather, gather, layout_key
from reference.models.layers import FormulaLayer, NotRecordedError, RecordedLayer, key_of
from reference.models.network import Network
from reference.recognition.families import FAMILIES
from reference.recognition.layout import BlockRef, CellLayout, LayoutError, RoleLayout
from reference.recognition.verdicts import CellVerdict

TORCH_ORDERS = {"lstm": "ifgo", "gru": "rzn", "rnn_tanh": "a", "rnn_relu": "a"}
"""Roles as torch's own layers join them."""

SAME_NEGATED = {"gru.correct_after_conv2": "gru.correct_after", "gru.correct_before_conv2": "gru.correct_before"}
"""The other update convention is the first one with the sum of the update gate negated."""


class NoReplayError(ValueError):
    """The model cannot be computed from its parameters: a cell or the classifier is not known."""


def torch_layout(family: str) -> CellLayout:
    """Where torch's own cells keep their roles."""
    order = TORCH_ORDERS[family]

    def block(parameter: str, gate: int, segment: str) -> tuple[BlockRef, ...]:
        return (
            BlockRef(
                parameter=parameter,
                view="column" if segment == "1" else "plain",
                interleaved=False,
                gate=gate,
                gates=len(order),
                segments=(segment,),  # type: ignore[arg-type]  # one of the literals, by the calls below
                segment=0,
            ),
        )

    roles = {
        role: RoleLayout(
            W_x=block("weight_ih", gate, "x"),
            W_h=block("weight_hh", gate, "h"),
            b_x=block("bias_ih", gate, "1"),
            b_h=block("bias_hh", gate, "1"),
        )
        for gate, role in enumerate(order)
    }
    return CellLayout(family=family, roles=roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell of a replay."""

    parameters: tuple[str, ...]
    """Its own, by their names in the model."""
    gather: Gather
    joined: Tensor
    """Its matrices as one vector, a leaf of the computation."""
    layer: FormulaLayer


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A network that computes with the student's parameters and recognised cells, right or wrong."""

    network: Network
    linear: Mapping[str, Tensor]
    """Parameters of the classifier."""
    cells: tuple[_Cell, ...]

    @property
    def has_constants(self) -> bool:
        """True if a cell holds constants of the student's, which recognition knows to some digits only."""
        return any(bool((cell.gather.scale**2 != 1).any() or cell.gather.shift.any()) for cell in self.cells)

    def gradients(self, output: Tensor, weights: Tensor) -> dict[str, NDArray[np.float64]]:
        """Σ weights · output differentiated by "x" and by every parameter that the network uses; flat."""
        targets = [self.network.x, *self.linear.values()]
        leaves = [*targets, *(cell.joined for cell in self.cells)]
        # A sum, since handing over weights loads the symbolic half of torch.
        total = (output * weights.reshape(output.shape)).sum()
        found = torch.autograd.grad(total, leaves, allow_unused=True)
        arrays = [
            np.zeros(leaf.numel()) if gradient is None else gradient.reshape(-1).numpy()
            for leaf, gradient in zip(leaves, found, strict=True)
        ]
        return self.by_name(arrays[: len(targets)], arrays[len(targets) :])

    def by_name(
        self, plain: Sequence[NDArray[np.float64]], cells: Sequence[NDArray[np.float64]]
    ) -> dict[str, NDArray[np.float64]]:
        """Gradients by "x" and the parameters of the classifier, and by the matrices of each cell -> all by name."""
        gradients = dict(zip(("x", *self.linear), plain, strict=True))
        for cell, gradient in zip(self.cells, cells, strict=True):
            gradients.update(zip(cell.parameters, cell.gather.back(gradient), strict=True))
        return gradients


def replay_of(seen: ModelEvidence, verdicts: Mapping[str, CellVerdict | None]) -> Replay:
    """The replay of a run.

    Raises:
        NoReplayError: if a cell was not recognised or does not fit its parameters.
    """
    if not seen.cells:
        raise NoReplayError("no cells were found")

    def stack(modules: tuple[Module, ...]) -> list[_Cell]:
        return [
            _cell(seen, module, verdicts, seen.input_size if depth == 0 else seen.hidden_size)
            for depth, module in enumerate(modules)
        ]

    cells, reverse = stack(seen.cells), stack(seen.reverse_cells)
    classifier, linear = _classifier(seen)
    network = Network(
        x=seen.x.clone().requires_grad_(),
        layers=[cell.layer for cell in cells],
        reverse_layers=[cell.layer for cell in reverse],
        classifier=classifier,
        wanted_layers=seen.layers,
        hidden_size=seen.hidden_size,
        bidirectional=seen.bidirectional,
    )
    return Replay(network=network, linear=linear, cells=(*cells, *reverse))


def _cell(seen: ModelEvidence, module: Module, verdicts: Mapping[str, CellVerdict | None], input_size: int) -> _Cell:
    formula, layout, gate_first = _known(seen, module, verdicts)
    prefix = f"{module.name}."
    own = {name: value for name, value in seen.parameters.items() if name.startswith(prefix)}
    shapes = tuple((name.removeprefix(prefix), tuple(value.shape)) for name, value in own.items())
    family = FAMILIES[layout.family]
    order = TORCH_ORDERS[layout.family]
    plain = SAME_NEGATED.get(formula, formula)
    # A layer that joins the directions reads both, and one of a model that is not stacked reads the input.
    for size in dict.fromkeys((input_size, 2 * seen.hidden_size, seen.input_size, seen.hidden_size)):
        try:
            found = gather(layout_key(layout), order, "" if plain == formula else "z", shapes, size, seen.hidden_size)
        except LayoutError:
            continue
        flat = [value.reshape(-1).numpy() for value in own.values()]
        joined = torch.from_numpy(found.joined(flat)).requires_grad_()
        layer = FormulaLayer(
            family=family,
            formula=plain,
            order=order,
            joined=found.split(joined),
            gate_first=gate_first,
            hidden_size=seen.hidden_size,
        )
        return _Cell(parameters=tuple(own), gather=found, joined=joined, layer=layer)
    raise NoReplayError(f"{module.name} does not fit the layout of its class")


def _known(
    seen: ModelEvidence, cell: Module, verdicts: Mapping[str, CellVerdict | None]
) -> tuple[str, CellLayout, bool]:
    verdict = verdicts.get(cell.type)
    if verdict is not None and verdict.formula is not None and verdict.layout is not None:
        return verdict.formula, verdict.layout, verdict.layout.gate_first
    if cell.library and cell.type in LIBRARY_CELLS:
        family = FAMILIES[LIBRARY_CELLS[cell.type]]
        if cell.attributes.get("nonlinearity") == "relu":
            family = FAMILIES["rnn_relu"]
        return family.plain, torch_layout(family.name), False
    raise NoReplayError(f"{cell.type} was not recognised")


def _classifier(seen: ModelEvidence) -> tuple[Callable[[Tensor], Tensor], dict[str, Tensor]]:
    """The last layer as a function, and its parameters as leaves of the computation."""
    if seen.classifier is None:
        raise NoReplayError("no classifier was found")
    name = seen.classifier.name
    weight, bias = seen.parameters.get(f"{name}.weight"), seen.parameters.get(f"{name}.bias")
    if weight is None or weight.dim() != 2 or seen.classifier.type != "Linear":
        raise NoReplayError(f"{name} is no single linear map")
    given = {f"{name}.weight": weight, f"{name}.bias": bias}
    leaves = {key: value.clone().requires_grad_() for key, value in given.items() if value is not None}
    return lambda h: torch.nn.functional.linear(h, *leaves.values()), leaves


def recorded_network(seen: ModelEvidence) -> Network:
    """A network whose cells are looked up in the recorded calls; the classifier is computed where it is linear."""

    def layers(cells: tuple[Module, ...]) -> list[RecordedLayer]:
        return [
            RecordedLayer([call for call in seen.calls if call.module == cell.name], seen.family.outputs)
            for cell in cells
        ]

    try:
        classifier, _ = _classifier(seen)
    except NoReplayError:
        classifier = _recorded_classifier(seen)
    return Network(
        x=seen.x,
        layers=layers(seen.cells),
        reverse_layers=layers(seen.reverse_cells),
        classifier=classifier,
        wanted_layers=seen.layers,
        hidden_size=seen.hidden_size,
        bidirectional=seen.bidirectional,
    )


def _recorded_classifier(seen: ModelEvidence) -> Callable[[Tensor], Tensor]:
    name = seen.classifier.name if seen.classifier is not None else None
    known = {
        key_of(call.inputs[0]): call.outputs[0]
        for call in seen.calls
        if call.module == name and call.inputs and call.outputs
    }

    def look_up(h: Tensor) -> Tensor:
        value = known.get(key_of(h))
        if value is None:
            raise NotRecordedError("no such call of the classifier")
        return value

    return look_up
