"""Symbolic layouts: read at one size, applied at another."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers.observations import LAYOUTS, StudentCell, observe_cell

from reference.models.gather import layout_key
from reference.models.layers import FormulaLayer, NotApplicableError
from reference.oracle import ORACLE
from reference.recognition import FAMILIES
from reference.recognition.layout import BlockRef, CellLayout, LayoutError, Sizes, as_matrix, instantiate


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", ["lstm", "gru", "rnn_tanh"])
def test_a_layout_fits_cells_of_other_sizes(family: str, layout: str) -> None:
    known = FAMILIES[family]
    verdict = ORACLE.recognise_cell(
        family, observe_cell(StudentCell(family, known.plain, *known.probe_sizes, layout=layout), family), {}
    )
    cell = StudentCell(family, known.plain, 7, 7, layout=layout)
    assert verdict.layout is not None
    found = instantiate(verdict.layout, dict(cell.named_parameters()), Sizes(input=7, hidden=7))
    wanted = cell.roles()
    x, h = torch.ones(2, 7, dtype=torch.float64), torch.full((2, 7), 0.3, dtype=torch.float64)
    values = sorted(role(x, h).detach().sum().item() for role in found.values())
    expected = sorted(role(x, h).detach().sum().item() for role in wanted.values())
    assert values == pytest.approx(expected, abs=1e-12)


def test_equal_layouts_have_one_key() -> None:
    def made(family: str, layout: str) -> CellLayout:
        cell = StudentCell(family, FAMILIES[family].plain, 5, 3, layout=layout)
        found = ORACLE.recognise_cell(family, observe_cell(cell, family), {}).layout
        assert found is not None
        return found

    one, same, other = (made("lstm", layout) for layout in (LAYOUTS[0], LAYOUTS[0], LAYOUTS[1]))
    assert one is not same
    assert layout_key(one) is layout_key(same)
    assert layout_key(one) is not layout_key(other)


def reference_to(**changes: Any) -> BlockRef:
    fields: dict[str, Any] = {
        "parameter": "w",
        "view": "plain",
        "interleaved": False,
        "gate": 0,
        "gates": 2,
        "segments": ("x", "h"),
        "segment": 0,
    }
    return BlockRef(**(fields | changes))


def test_a_block_is_cut_by_gate_and_source() -> None:
    w = torch.arange(30.0).reshape(6, 5)
    assert torch.equal(reference_to(gate=1, segment=1).take({"w": w}, 3), w[3:, 2:])
    assert torch.equal(reference_to(gate=1, interleaved=True).take({"w": w}, 3), w[1::2, :2])


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "missing"),
        ({"w": torch.zeros(5, 5)}, "does not fit"),
        ({"w": torch.zeros(6, 2)}, "does not fit"),
        ({"w": torch.zeros(6)}, "dimensions"),
    ],
)
def test_a_block_that_does_not_fit_is_refused(parameters: dict[str, torch.Tensor], words: str) -> None:
    with pytest.raises(LayoutError, match=words):
        reference_to().take(parameters, 3)


def test_a_role_of_another_width_is_refused() -> None:
    cell = StudentCell("lstm", "lstm.correct", 5, 3)
    verdict = ORACLE.recognise_cell("lstm", observe_cell(cell, "lstm"), {})
    assert verdict.layout is not None
    with pytest.raises(LayoutError, match="has shape"):
        instantiate(verdict.layout, dict(cell.named_parameters()), Sizes(input=6, hidden=3))


def test_three_dimensions_become_gates_of_rows() -> None:
    w = torch.arange(24.0).reshape(2, 3, 4)
    assert torch.equal(as_matrix(w, "gates"), w.reshape(6, 4))
    assert torch.equal(as_matrix(w, "gates_transposed"), torch.cat([w[0].T, w[1].T]))


def test_only_plain_cells_have_another_activation() -> None:
    nothing = (torch.zeros(12, 5), torch.zeros(12, 3), torch.zeros(12), torch.zeros(12))
    layer = FormulaLayer(
        family=FAMILIES["lstm"], formula="lstm.correct", order="ifgo", joined=nothing, gate_first=False, hidden_size=3
    )
    with pytest.raises(NotApplicableError):
        layer.with_other_activation()
