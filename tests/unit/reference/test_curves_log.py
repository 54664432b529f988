"""Rules over training logs pass runs of the loop itself and find planted faults."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.curves import Finding, check_log

EXPECTED: dict[str, Any] = {
    "first_iteration": 20,
    "step": 20,
    "last_iteration": 460,
    "rows": 23,
    "columns": ["iteration", "loss", "valid_accuracy", "test_accuracy"],
    "classes": 3,
    "last_loss": [0.0, 0.6],
    "last_accuracy": [80, 97],
    "pooled": True,
    "valid_size": 500,
    "test_size": 700,
}
Log = list[dict[str, float]]


def run(seed: int, rows: int = 23, step: int = 20, valid_size: int = 500, test_size: int = 700) -> Log:
    """What the loop prints: the test set is run at new validation maxima only, and its counts are added on top."""
    chance = random.Random(seed)
    best, reported = 0, 0
    log: Log = []
    for place in range(rows):
        skill = 0.93 - 0.4 * math.exp(-place / 4) + chance.uniform(-0.02, 0.02)
        right = sum(chance.random() < skill for _ in range(valid_size))
        valid = 100 * right // valid_size
        if valid >= best:
            best = valid
            pooled = right + sum(chance.random() < skill for _ in range(test_size))
            reported = 100 * pooled // (valid_size + test_size)
        loss = 0.15 + 0.9 * math.exp(-place / 4) + chance.uniform(0, 0.1)
        log.append({"iteration": step * (place + 1), "loss": loss, "valid_accuracy": valid, "test_accuracy": reported})
    return log


def codes(findings: object) -> list[str]:
    return [finding.code for finding in findings]  # type: ignore[attr-defined]  # a sequence of findings


@pytest.mark.parametrize("seed", range(40))
def test_what_the_loop_prints_is_never_found(seed: int) -> None:
    assert check_log(run(seed), EXPECTED) == []


@given(st.integers(1, 60), st.integers(1, 500), st.integers(1, 400), st.integers(1, 400), st.integers(0, 10**6))
def test_no_log_of_the_loop_breaks_its_own_rules(rows: int, step: int, valid: int, test: int, seed: int) -> None:
    log = run(seed, rows, step, valid, test)
    given_sizes = {"pooled": True, "valid_size": valid, "test_size": test, "step": step, "largest_gap": 100}
    assert check_log(log, given_sizes) == []


def dropped(log: Log) -> Log:
    return log[:7] + log[8:]


def doubled(log: Log) -> Log:
    return [*log[:7], log[6], *log[7:-1]]


def shifted(log: Log) -> Log:
    return [row | {"iteration": row["iteration"] + (1 if place == 5 else 0)} for place, row in enumerate(log)]


def changed(place: int, **values: float) -> Callable[[Log], Log]:
    return lambda log: [*log[:place], log[place] | values, *log[place:][1:]]


def without(place: int, name: str) -> Callable[[Log], Log]:
    return lambda log: [{k: v for k, v in row.items() if p != place or k != name} for p, row in enumerate(log)]


FAULTS: dict[str, tuple[Callable[[Log], Log], set[str], tuple[int, ...]]] = {
    "a row is missing": (dropped, {"log-rows-missing", "log-row-count"}, ()),
    "a row is there twice": (doubled, {"log-not-increasing", "log-rows-missing"}, (7,)),
    "a row is off the grid": (shifted, {"log-uneven-steps", "log-rows-missing"}, (5,)),
    "first loss too high": (changed(0, loss=2.2), {"log-first-loss"}, (0,)),
    "first loss too low": (changed(0, loss=0.2), {"log-first-loss"}, (0,)),
    "last loss too high": (changed(22, loss=0.9), {"log-last-loss"}, (22,)),
    "loss not finite": (changed(4, loss=math.nan), {"log-not-finite"}, (4,)),
    "loss negative": (changed(4, loss=-0.2), {"log-loss-negative"}, (4,)),
    "accuracy not whole": (changed(9, valid_accuracy=50.5), {"log-accuracy-impossible"}, (9,)),
    "accuracy above 100": (changed(9, test_accuracy=101), {"log-accuracy-impossible"}, (9,)),
    "last accuracy at chance": (changed(22, valid_accuracy=33), {"log-accuracy-chance", "log-last-accuracy"}, (22,)),
    "last accuracy too good": (changed(22, valid_accuracy=99), {"log-last-accuracy"}, (22,)),
    "column missing": (without(3, "test_accuracy"), {"log-column-missing"}, (3,)),
    "iteration impossible": (changed(3, iteration=math.inf), {"log-iteration-impossible"}, (3,)),
}


def first_with_rows(findings: list[Finding]) -> tuple[int, ...]:
    return next((finding.rows for finding in findings if finding.rows), ())


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_at_its_row(name: str) -> None:
    plant, wanted, rows = FAULTS[name]
    found = list(check_log(plant(run(1)), EXPECTED))
    assert wanted <= set(codes(found))
    assert rows == () or rows in [finding.rows for finding in found if finding.code in wanted]


def test_without_an_expectation_the_grid_is_read_off_the_rows() -> None:
    assert check_log(run(1), {}) == []
    assert "log-rows-missing" in codes(check_log(dropped(run(1)), {}))


def test_rows_of_a_run_with_one_sample_row_lost_are_told_apart() -> None:
    rows = [{"iteration": 1000 * step} for step in range(19) if step != 11]
    (finding,) = check_log(rows, {"first_iteration": 0, "step": 1000, "last_iteration": 18_000})
    assert (finding.code, finding.sentence) == (
        "log-rows-missing",
        "There is no row at 11000, with a row every 1000 from 0 to 18000.",
    )


@pytest.mark.parametrize(("classes", "loss"), [(2, 0.69), (3, 1.14), (10, 2.3), (87, 4.4)])
def test_the_band_of_the_first_loss_follows_the_number_of_classes(classes: int, loss: float) -> None:
    def found(value: float) -> list[str]:
        return codes(check_log([{"loss": value}], {"classes": classes}))

    assert found(loss) == []
    assert found(2 * loss) == ["log-first-loss"]
    assert found(loss / 3) == ["log-first-loss"]


def test_the_band_of_three_classes_is_about_a_half_to_one_and_four_tenths() -> None:
    (finding,) = check_log([{"loss": 3.0}], {"classes": 3})
    assert finding.sentence == (
        "The first loss, 3, is not between 0.494 and 1.43; an even guess among 3 classes has 1.099."
    )


def test_accuracies_may_be_shares() -> None:
    shares = {"whole_percent": False, "classes": 10, "last_accuracy": (0.5, 0.7), "last_loss": (1.0, 1.6)}
    assert check_log([{"accuracy": 0.1, "loss": 2.3}, {"accuracy": 0.63, "loss": 1.2}], shares) == []
    assert codes(check_log([{"accuracy": 0.1}], shares)) == ["log-accuracy-chance", "log-last-accuracy"]
    assert codes(check_log([{"accuracy": 63}, {"accuracy": 0.6}], shares)) == ["log-accuracy-impossible"]


def test_an_empty_log_is_said() -> None:
    assert codes(check_log([], EXPECTED)) == ["log-empty"]


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"expectation has first_los; wanted keys among first_iteration, .*first_loss"):
        check_log(run(1), {"first_los": (0, 1)})


def test_fewer_than_two_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="classes is 1; wanted at least 2"):
        check_log(run(1), {"classes": 1})


WILD = st.one_of(st.floats(), st.integers(-(10**30), 10**30))
COLUMNS = ("iteration", "epoch", "loss", "accuracy", "valid_accuracy", "test_accuracy", "learning_rate")


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), WILD), max_size=6))
def test_whatever_a_student_prints_the_rules_answer(rows: list[dict[str, float]]) -> None:
    given_all = EXPECTED | {"schedule": {"first": 1, "constant_epochs": 15, "decay": 0.98}}
    for expectation in ({}, given_all):
        for finding in check_log(rows, expectation):
            assert finding.sentence.endswith(".")
            assert all(0 <= place < len(rows) for place in finding.rows)
