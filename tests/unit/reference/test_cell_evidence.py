"""Evidence that cannot be judged ends as "unrecognised" with a reason, never as an exception or a mark."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers.observations import StudentCell, make_cell, noise, observe_cell

from reference.oracle import ORACLE
from reference.recognition import FAMILIES


def evidence() -> dict[str, Any]:
    return observe_cell(StudentCell("lstm", "lstm.correct", 5, 3), "lstm")


def drop_trials(seen: dict[str, Any]) -> None:
    seen["trials"] = []


def one_output(seen: dict[str, Any]) -> None:
    seen["outputs"] = seen["outputs"][:1]


def transposed_output(seen: dict[str, Any]) -> None:
    seen["outputs"] = (seen["outputs"][0][:, :2], seen["outputs"][1])


def not_a_number(seen: dict[str, Any]) -> None:
    seen["trials"][0]["outputs"] = tuple(value * torch.nan for value in seen["trials"][0]["outputs"])


def whole_numbers(seen: dict[str, Any]) -> None:
    seen["repeated"] = tuple(value.to(torch.int64) for value in seen["repeated"])


def no_derivative(seen: dict[str, Any]) -> None:
    del seen["jacobian"]["x2h.weight"]


def flat_derivative(seen: dict[str, Any]) -> None:
    seen["jacobian"]["x2h.weight"] = seen["jacobian"]["x2h.weight"].flatten(1)


def other_input(seen: dict[str, Any]) -> None:
    seen["x"] = seen["x"][:, :2]


def too_many_parameters(seen: dict[str, Any]) -> None:
    seen["parameters"] = {f"p{index}": torch.zeros(1) for index in range(101)}


def no_parameters(seen: dict[str, Any]) -> None:
    del seen["parameters"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (drop_trials, "no trials"),
        (one_output, "returned 1 tensor"),
        (transposed_output, "shape"),
        (not_a_number, "NaN"),
        (whole_numbers, "real numbers"),
        (no_derivative, "x2h.weight is missing"),
        (flat_derivative, "shape"),
        (other_input, "shapes"),
        (too_many_parameters, "at most 100"),
        (no_parameters, "lacks 'parameters'"),
    ],
)
def test_damaged_evidence_is_not_recognised(damage: Any, words: str) -> None:
    seen = evidence()
    damage(seen)
    verdict = ORACLE.recognise_cell("lstm", seen, {})
    assert verdict.status == "unrecognised"
    assert words in verdict.notes[0]


def test_a_cell_without_parameters_is_not_accepted() -> None:
    seen = evidence()
    seen["parameters"] = {}
    seen["jacobian"] = {name: seen["jacobian"][name] for name in ("x", "h", "c")}
    assert ORACLE.recognise_cell("lstm", seen, {}).status == "unrecognised"


def test_zero_outputs_are_not_accepted() -> None:
    seen = evidence()

    def zeros(value: Any) -> Any:
        return {k: zeros(v) for k, v in value.items()} if isinstance(value, dict) else torch.zeros_like(value)

    seen["outputs"] = tuple(zeros(value) for value in seen["outputs"])
    seen["repeated"] = tuple(zeros(value) for value in seen["repeated"])
    seen["jacobian"] = zeros(seen["jacobian"])
    for trial in seen["trials"]:
        trial["outputs"] = tuple(zeros(value) for value in trial["outputs"])
    assert ORACLE.recognise_cell("lstm", seen, {}).status not in ("exact", "equivalent")


def test_forged_outputs_without_matching_derivatives_are_not_accepted() -> None:
    seen = evidence()
    seen["jacobian"] = {name: torch.zeros_like(value) for name, value in seen["jacobian"].items()}
    assert ORACLE.recognise_cell("lstm", seen, {}).status not in ("exact", "equivalent")


def same(value: torch.Tensor, place: int) -> torch.Tensor:
    return value


FORGERIES = {
    "huge": lambda value, place: value * 1e200,
    "tiny": lambda value, place: value * 1e-250,
    "zero": lambda value, place: value * 0,
    "one": lambda value, place: torch.ones_like(value),
    "noise": lambda value, place: noise(place, *value.shape),
    "turned": lambda value, place: value.flip(0),
}


@pytest.mark.parametrize("directions", [None, pytest.param(4, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("of_jacobian", "of_outputs"),
    [
        *((name, None) for name in FORGERIES),
        *((None, name) for name in FORGERIES),
        *((name, name) for name in FORGERIES),
        ("noise", "huge"),
    ],
)
@pytest.mark.parametrize("family", ["lstm", pytest.param("gru", marks=pytest.mark.slow)])
def test_forged_numbers_are_judged_without_an_error_and_never_accepted(
    family: str, of_jacobian: str | None, of_outputs: str | None, directions: int | None
) -> None:
    seen = observe_cell(make_cell(family, FAMILIES[family].plain, "fused"), family, directions=directions)
    change, forge = FORGERIES.get(of_jacobian or "", same), FORGERIES.get(of_outputs or "", same)
    seen["jacobian"] = {name: change(value, place) for place, (name, value) in enumerate(seen["jacobian"].items())}
    seen["outputs"] = tuple(forge(value, 91) for value in seen["outputs"])
    for trial in seen["trials"]:
        trial["outputs"] = tuple(forge(value, 92) for value in trial["outputs"])
    seen["repeated"] = seen["trials"][0]["outputs"]
    assert ORACLE.recognise_cell(family, seen, {}).status not in ("exact", "equivalent")
