"""Builds reference networks from evidence: one that computes, one that looks up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from reference.models.evidence import LIBRARY_CELLS, ModelEvidence, Module
from reference.models.layers import FormulaLayer, NotRecordedError, RecordedLayer, key_of
from reference.models.network import Network
from reference.recognition.families import FAMILIES
from reference.recognition.layout import BlockRef, CellLayout, LayoutError, RoleLayout, Sizes, instantiate
from reference.recognition.verdicts import CellVerdict

TORCH_ORDERS = {"lstm": "ifgo", "gru": "rzn", "rnn_tanh": "a", "rnn_relu": "a"}


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


def replay_network(
    seen: ModelEvidence,
    verdicts: Mapping[str, CellVerdict | None],
    parameters: Mapping[str, Tensor],
    x: Tensor,
) -> Network:
    """A network that computes with the student's parameters and recognised cells, right or wrong.

    Raises:
        NoReplayError: if a cell was not recognised or does not fit its parameters.
    """
    if not seen.cells:
        raise NoReplayError("no cells were found")
    wide = 2 * seen.hidden_size

    def layers(cells: tuple[Module, ...]) -> list[FormulaLayer]:
        return [
            _formula_layer(seen, cell, verdicts, parameters, seen.input_size if depth == 0 else seen.hidden_size, wide)
            for depth, cell in enumerate(cells)
        ]

    return Network(
        x=x,
        layers=layers(seen.cells),
        reverse_layers=layers(seen.reverse_cells),
        classifier=_classifier(seen, parameters),
        wanted_layers=seen.layers,
        hidden_size=seen.hidden_size,
        bidirectional=seen.bidirectional,
    )


def _formula_layer(
    seen: ModelEvidence,
    cell: Module,
    verdicts: Mapping[str, CellVerdict | None],
    parameters: Mapping[str, Tensor],
    input_size: int,
    wide: int,
) -> FormulaLayer:
    formula, layout, gate_first = _known(seen, cell, verdicts)
    own = {
        name.removeprefix(f"{cell.name}."): value
        for name, value in parameters.items()
        if name.startswith(f"{cell.name}.")
    }
    for size in (input_size, wide, seen.input_size, seen.hidden_size):
        try:
            roles = instantiate(layout, own, Sizes(input=size, hidden=seen.hidden_size))
        except LayoutError:
            continue
        return FormulaLayer(
            family=FAMILIES[layout.family],
            formula=formula,
            roles=roles,
            gate_first=gate_first,
            hidden_size=seen.hidden_size,
        )
    raise NoReplayError(f"{cell.name} does not fit the layout of its class")


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


def _classifier(seen: ModelEvidence, parameters: Mapping[str, Tensor]) -> Callable[[Tensor], Tensor]:
    if seen.classifier is None:
        raise NoReplayError("no classifier was found")
    name = seen.classifier.name
    weight, bias = parameters.get(f"{name}.weight"), parameters.get(f"{name}.bias")
    if weight is None or weight.dim() != 2 or seen.classifier.type != "Linear":
        raise NoReplayError(f"{name} is no single linear map")
    return lambda h: torch.nn.functional.linear(h, weight, bias)


def recorded_network(seen: ModelEvidence) -> Network:
    """A network whose cells are looked up in the recorded calls; the classifier is computed where it is linear."""

    def layers(cells: tuple[Module, ...]) -> list[RecordedLayer]:
        return [
            RecordedLayer([call for call in seen.calls if call.module == cell.name], seen.family.outputs)
            for cell in cells
        ]

    try:
        classifier = _classifier(seen, seen.parameters)
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
