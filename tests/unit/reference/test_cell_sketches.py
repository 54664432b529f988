"""Large cells are recognised by the derivatives of a few random sums of their outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from helpers.observations import StudentCell, make_cell, observe_cell
from torch import nn

from reference.cells import Role
from reference.mistakes import cell_mistakes
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

SIZES = (20, 128)
RIGHT = ("exact", "equivalent")
SMALLER = (6, 16)
FEW = {
    "lstm": ["lstm.forget_inverted", "lstm.no_output_gate"],
    "gru": ["gru.no_complement", "gru.reset_twice"],
    "rnn_tanh": ["rnn.double_step", "rnn.residual", "rnn.detached_state"],
}


def evidence(cell: nn.Module, family: str, sizes: tuple[int, int]) -> dict[str, Any]:
    return observe_cell(cell, family, sizes=sizes, directions=4)


def judged(family: str, formula: str, layout: str, sizes: tuple[int, int] = SIZES, seed: int = 0) -> CellVerdict:
    cell = make_cell(family, formula, layout, sizes=sizes, seed=seed, scale=None)
    return ORACLE.recognise_cell(family, evidence(cell, family, sizes), {})


@pytest.mark.parametrize("layout", ["fused", "raw"])
@pytest.mark.parametrize(
    ("family", "formula"),
    [*((name, family.plain) for name, family in FAMILIES.items()), ("gru", "gru.correct_before")],
)
def test_a_right_cell_of_128_units_is_accepted(family: str, formula: str, layout: str) -> None:
    verdict = judged(family, formula, layout)
    assert verdict.status == ("exact" if formula == FAMILIES[family].plain else "equivalent")


@pytest.mark.parametrize(("family", "formula"), [(family, name) for family, names in FEW.items() for name in names])
def test_a_mistake_in_a_cell_of_128_units_is_named(family: str, formula: str) -> None:
    for layout in ("fused", "raw"):
        assert judged(family, formula, layout).mistakes == (formula,)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["two_orders", "interleaved", "separate", "hx", "gate_hx", "raw_fused", "stacked"])
@pytest.mark.parametrize("family", FAMILIES)
def test_all_formulas_are_told_apart_by_sums_of_outputs(family: str, layout: str) -> None:
    other = {
        "rnn_tanh": ("rnn.correct_relu", "rnn.tanh_for_relu"),
        "rnn_relu": ("rnn.correct_tanh", "rnn.relu_for_tanh"),
    }
    for entry in cell_mistakes(FAMILIES[family].prefix):
        name = entry.mistake.id
        if name in other.get(family, ()):
            continue
        verdict = judged(family, name, layout, SMALLER)
        if entry.mistake.effect == "wrong":
            assert verdict.mistakes == (name,)
        else:
            assert verdict.status in RIGHT


def own(family: str, change: Callable[[Role], Role]) -> CellVerdict:
    cell = StudentCell(family, FAMILIES[family].plain, *SMALLER, scale=None)
    roles = cell.roles
    cell.roles = lambda: {name: change(role) for name, role in roles().items()}  # type: ignore[method-assign]
    return ORACLE.recognise_cell(family, evidence(cell, family, SMALLER), {})


@pytest.mark.parametrize("family", FAMILIES)
def test_numbers_outside_parameters_show_in_sums_too(family: str) -> None:
    for source, part in (("x", "W_x"), ("h", "W_h")):
        verdict = own(family, lambda role, part=part: replace(role, **{part: torch.cos(getattr(role, part)).detach()}))  # type: ignore[misc]
        assert verdict.status == "unrecognised"
        assert f"{source} also enters by numbers" in verdict.notes[0]


def without_derivative(weight: torch.Tensor) -> torch.Tensor:
    """The same numbers, one of them constant."""
    chosen = torch.zeros_like(weight, dtype=torch.bool)
    chosen[SIZES[1] // 3, SIZES[0] // 2] = True
    return torch.where(chosen, weight.detach(), weight)


@pytest.mark.parametrize("part", ["W_x", "W_h"])
@pytest.mark.parametrize("family", FAMILIES)
def test_one_weight_without_a_derivative_shows_among_those_of_128_units(family: str, part: str) -> None:
    cell = StudentCell(family, FAMILIES[family].plain, *SIZES, scale=None)
    assert ORACLE.recognise_cell(family, evidence(cell, family, SIZES), {}).status in RIGHT
    roles, first = cell.roles, next(iter(cell.roles()))
    cell.roles = lambda: {  # type: ignore[method-assign]
        name: replace(role, **{part: without_derivative(getattr(role, part))}) if name == first else role
        for name, role in roles().items()
    }
    assert ORACLE.recognise_cell(family, evidence(cell, family, SIZES), {}).status not in RIGHT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_large_cell_without_a_name_goes_to_a_person(family: str) -> None:
    cell = StudentCell(family, FAMILIES[family].plain, *SMALLER, scale=None)
    step = cell.step
    cell.step = lambda s: tuple(value.sin() for value in step(s))
    assert ORACLE.recognise_cell(family, evidence(cell, family, SMALLER), {}).status == "unrecognised"


def test_samples_that_meet_show_in_sums_too() -> None:
    cell = StudentCell("gru", "gru.correct_after", *SMALLER, scale=None)
    step = cell.step
    cell.step = lambda s: (step(s)[0] - 0.1 * s.h.mean(0),)
    assert ORACLE.recognise_cell("gru", evidence(cell, "gru", SMALLER), {}).mistakes == ("cell.samples_mixed",)


@pytest.mark.parametrize("shape", [(3, 4), (2, 4, 16), (3, 4, 15), (3, 0, 16)])
def test_directions_of_another_form_are_no_evidence(shape: tuple[int, ...]) -> None:
    cell = StudentCell("gru", "gru.correct_after", *SMALLER, scale=None)
    seen = evidence(cell, "gru", SMALLER) | {"directions": torch.ones(shape, dtype=torch.float64)}
    verdict = ORACLE.recognise_cell("gru", seen, {})
    assert verdict.status == "unrecognised"
    assert "directions have shape" in verdict.notes[0]
