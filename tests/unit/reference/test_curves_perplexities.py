"""Rules over tables of perplexities pass published results and find planted faults."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.curves import check_perplexities

TABLE = [
    {"train": 49.85, "valid": 113.83, "test": 106.74, "train_loss": 3.909, "valid_loss": 4.735, "test_loss": 4.670},
    {"train": 90.19, "valid": 149.03, "test": 143.03, "train_loss": 4.502, "valid_loss": 5.004, "test_loss": 4.963},
    {"train": 59.71, "valid": 127.12, "test": 120.87, "train_loss": 4.089, "valid_loss": 4.845, "test_loss": 4.795},
    {"train": 92.46, "valid": 157.19, "test": 150.97, "train_loss": 4.527, "valid_loss": 5.057, "test_loss": 5.017},
]
EXPECTED: dict[str, Any] = {
    "vocabulary": 10_000,
    "rows": 4,
    "test_band": [80, 160],
    "train_below_valid": True,
    "test_below_valid": True,
    "pairs": [[0, 1], [2, 3]],
    "rounding": 5e-4,
}


def codes(rows: list[dict[str, float]], expectation: dict[str, Any]) -> list[tuple[str, tuple[int, ...]]]:
    return [(finding.code, finding.rows) for finding in check_perplexities(rows, expectation)]


def changed(place: int, **values: float) -> list[dict[str, float]]:
    return [row | (values if at == place else {}) for at, row in enumerate(TABLE)]


def bare(place: int, **values: float) -> list[dict[str, float]]:
    return [{k: v for k, v in row.items() if "loss" not in k} for row in changed(place, **values)]


def test_results_of_four_trained_models_are_not_found() -> None:
    assert codes(TABLE, EXPECTED) == []


def test_losses_in_bits_are_not_found_either() -> None:
    bits = [{k: v / math.log(2) if "loss" in k else v for k, v in row.items()} for row in TABLE]
    assert codes(bits, EXPECTED | {"unit": "bits", "rounding": 1e-3}) == []


FAULTS = {
    "below 1": (bare(0, train=0.9), ("perplexity-impossible", (0,))),
    "above the vocabulary": (bare(1, valid=12_000), ("perplexity-impossible", (1,))),
    "not a number": (bare(1, valid=math.nan), ("perplexity-impossible", (1,))),
    "infinite": (bare(1, valid=math.inf), ("perplexity-impossible", (1,))),
    "train above valid": (bare(2, train=130.0), ("perplexity-train-above-valid", (2,))),
    "test above valid": (bare(2, test=130.0), ("perplexity-test-above-valid", (2,))),
    "test out of its band": (bare(3, test=40.0), ("perplexity-test-band", (3,))),
    "dropout no better": (bare(0, valid=150.0), ("perplexity-dropout-not-better", (0, 1))),
    "not that of its loss": (changed(0, test=109.0), ("perplexity-not-of-loss", (0,))),
    "row missing": (TABLE[:3], ("perplexity-row-count", ())),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_at_its_row(name: str) -> None:
    rows, wanted = FAULTS[name]
    assert wanted in codes(rows, EXPECTED)


@pytest.mark.parametrize(
    ("unit", "loss", "perplexity", "slip"),
    [("nats", 4.67, 2**4.67, " It is 2 to the power of the loss."), ("bits", 6.738, math.exp(6.738), " It is e to")],
)
def test_the_wrong_base_is_said(unit: str, loss: float, perplexity: float, slip: str) -> None:
    rows = [{"test": round(perplexity, 2), "test_loss": loss}]
    (finding,) = check_perplexities(rows, {"unit": unit})
    assert finding.code == "perplexity-not-of-loss"
    assert slip in finding.sentence


@pytest.mark.parametrize(("drop", "found"), [(40, True), (36.3, False), (36, False)])
def test_a_difference_that_the_text_states_is_compared_with_the_table(drop: float, found: bool) -> None:
    claim = {"before": 1, "after": 0, "split": "test", "drop": drop}
    sentences = [finding.sentence for finding in check_perplexities(TABLE, {"claims": [claim]})]
    wanted = f"The text says that the test perplexity falls by {drop:g}; in the table it falls by 36.29."
    assert sentences == ([wanted] if found else [])


@given(st.floats(0.0, 12.0), st.sampled_from([2, 3, 4]))
def test_rounding_of_loss_and_perplexity_is_never_found(loss: float, places: int) -> None:
    rows = [{"valid": round(math.exp(loss), 2), "valid_loss": round(loss, places)}]
    assert codes(rows, {"rounding": 0.5001 * 10**-places}) == []


@given(st.lists(st.dictionaries(st.sampled_from([*TABLE[0]]), st.floats()), max_size=5))
def test_whatever_a_student_writes_the_rules_answer(rows: list[dict[str, float]]) -> None:
    given_all = EXPECTED | {"claims": [{"before": 1, "after": 0, "split": "test", "drop": 40}]}
    for finding in check_perplexities(rows, given_all):
        assert finding.sentence.endswith(".")
        assert all(0 <= place < len(rows) for place in finding.rows)


def test_an_empty_table_is_said() -> None:
    assert codes([], EXPECTED) == [("perplexity-empty", ())]


@pytest.mark.parametrize(
    ("expectation", "message"),
    [({"vocab": 3}, "expectation has vocab; wanted keys among vocabulary"), ({"unit": "dits"}, "unit is 'dits'")],
)
def test_an_expectation_that_means_nothing_is_refused(expectation: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_perplexities(TABLE, expectation)
