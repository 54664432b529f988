"""How cells, classifier and calls are found in the evidence about a model, and what makes it unusable."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers.model_observations import StudentModel, observe_model, student_cells
from helpers.observations import F64, noise
from torch import nn

from reference.models.evidence import natural, read_evidence
from reference.models.layers import FailedCallError, NotRecordedError, RecordedCall, RecordedLayer, key_of, step_of
from reference.models.network import NotApplicableError
from reference.oracle import ORACLE
from reference.recognition import FAMILIES

SIZES = (5, 4, 2, 3)


def evidence(bidirectional: bool = False) -> dict[str, Any]:
    model = StudentModel(student_cells("gru", "gru.correct_after"), SIZES, bidirectional=bidirectional)
    return observe_model(model, "gru", SIZES)


def status(seen: dict[str, Any], architecture: str = "stacked") -> Any:
    return ORACLE.judge_model(architecture, seen, {"StudentCell": None}, {})


def test_cells_held_elsewhere_are_found_by_their_class() -> None:
    seen = evidence()
    seen["roles"] = {"cells": "somewhere", "classifier": None}
    assert status(seen).status == "exact"


def test_directions_held_elsewhere_are_told_by_their_names() -> None:
    seen = evidence(bidirectional=True)
    seen["roles"] = {}
    assert status(seen, "bidirectional").status == "exact"


def test_one_list_with_both_directions_is_cut_in_the_middle() -> None:
    class OneList(StudentModel):
        def __init__(self) -> None:
            super().__init__(student_cells("gru", "gru.correct_after"), SIZES, bidirectional=True)
            forward, backward = (self._modules.pop(name) for name in ("rnn_cell_list", "rnn_cell_list_rev"))
            self.cells = nn.ModuleList([*forward, *backward])  # type: ignore[misc]  # both are lists

        def __getattr__(self, name: str) -> Any:
            if name in ("rnn_cell_list", "rnn_cell_list_rev"):
                cells = list(self.cells)
                return cells[: len(cells) // 2] if name == "rnn_cell_list" else cells[len(cells) // 2 :]
            return super().__getattr__(name)

    assert status(observe_model(OneList(), "gru", SIZES), "bidirectional").status == "exact"


def test_cells_inside_a_cell_do_not_count() -> None:
    class Wrapper(nn.Module):
        def __init__(self, d: int, n: int) -> None:
            super().__init__()
            self.cell = nn.GRUCell(d, n, dtype=F64)

        def forward(self, x: torch.Tensor, hx: Any = None) -> torch.Tensor:
            return self.cell(x, hx)

    model = StudentModel(lambda d, n, bias: Wrapper(d, n), SIZES)
    seen = observe_model(model, "gru", SIZES)
    found = read_evidence(seen, ("Wrapper",), bidirectional=False)
    assert [cell.name for cell in found.cells] == ["rnn_cell_list.0", "rnn_cell_list.1"]


def test_a_classifier_of_several_layers_is_looked_up() -> None:
    model = StudentModel(student_cells("gru", "gru.correct_after"), SIZES)
    model.fc = nn.Sequential(nn.Linear(4, 6, dtype=F64), nn.Linear(6, 3, dtype=F64))
    verdict = status(observe_model(model, "gru", SIZES))
    assert (verdict.status, verdict.by) == ("exact", "data flow")


def test_a_model_without_cells_is_left_to_a_person() -> None:
    seen = evidence()
    seen["modules"] = {"fc": seen["modules"]["fc"]}
    assert status(seen).status == "unrecognised"


def test_a_model_without_a_classifier_is_left_to_a_person() -> None:
    seen = evidence()
    seen["modules"] = {name: facts for name, facts in seen["modules"].items() if name != "fc"}
    seen["calls"] = [call for call in seen["calls"] if call["module"] != "fc"]
    assert status(seen).status == "unrecognised"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "tree"}, "family must be one of"),
        ({"x": torch.full((4, 5, 5), torch.nan)}, "NaN"),
        ({"outputs": torch.zeros(4, 3, dtype=torch.int64)}, "real numbers"),
        ({"weights": torch.zeros(2)}, "numbers"),
    ],
)
def test_damaged_evidence_is_not_recognised(change: dict[str, Any], words: str) -> None:
    verdict = status(evidence() | change)
    assert verdict.status == "unrecognised"
    assert words in verdict.notes[0]


def test_too_many_cells_are_left_to_a_person() -> None:
    seen = evidence()
    seen["modules"] |= {f"rnn_cell_list.{place}": seen["modules"]["rnn_cell_list.0"] for place in range(65)}
    assert status(seen).notes == ("65 cells were found; at most 64 are judged",)


def test_missing_evidence_is_not_recognised() -> None:
    seen = evidence()
    del seen["calls"]
    assert status(seen).notes == ("the evidence lacks 'calls'",)


def test_parameters_of_another_form_are_not_replayed() -> None:
    model = StudentModel(lambda d, n, bias: nn.GRUCell(d, n, dtype=F64), SIZES)
    seen = observe_model(model, "gru", SIZES)
    seen["parameters"]["rnn_cell_list.0.weight_ih"] = torch.zeros(7, 2, dtype=F64)
    verdict = ORACLE.judge_model("stacked", seen, {}, {})
    assert verdict.by == "data flow"
    assert verdict.notes[0] == "not replayed: rnn_cell_list.0 does not fit the layout of its class"


def test_names_are_sorted_as_numbers() -> None:
    assert sorted(["cells.10", "cells.9", "cells.1"], key=natural) == ["cells.1", "cells.9", "cells.10"]


def test_negative_zero_and_missing_axes_do_not_make_another_tensor() -> None:
    assert key_of(torch.tensor([[0.0, 1.0]])) == key_of(torch.tensor([-0.0, 1.0]))


def test_a_step_that_was_not_recorded_cannot_be_looked_up() -> None:
    with pytest.raises(NotRecordedError):
        RecordedLayer([], 1).step(noise(1, 2, 3), None)


def test_a_recorded_step_that_raised_is_told_apart() -> None:
    x = noise(1, 2, 3)
    layer = RecordedLayer([RecordedCall(module="cells.0", inputs=(x,), outputs=())], 1)
    with pytest.raises(FailedCallError):
        layer.step(x, None)


def test_recorded_cells_have_no_other_activation() -> None:
    with pytest.raises(NotApplicableError):
        RecordedLayer([], 1).with_other_activation()


def test_an_unknown_formula_has_no_step() -> None:
    with pytest.raises(KeyError):
        step_of(FAMILIES["gru"], "gru.nothing")
