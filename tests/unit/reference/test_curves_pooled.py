"""A test accuracy that pools both sets moves at validation maxima only, and lies near the validation accuracy."""

from __future__ import annotations

import pytest

from reference.curves.pooled import check_pooled

VALID = [52, 68, 70, 84, 83, 87, 86, 87, 90, 90, 88]
TEST = [53, 67, 69, 83, 83, 87, 87, 88, 90, 89, 89]


def rows(valid: list[int], test: list[int]) -> list[dict[str, float]]:
    return [{"valid_accuracy": v, "test_accuracy": t} for v, t in zip(valid, test, strict=True)]


def test_a_test_accuracy_that_moves_at_maxima_and_at_ties_with_them_is_not_found() -> None:
    assert list(check_pooled(rows(VALID, TEST))) == []


@pytest.mark.parametrize("place", [4, 6, 10])
def test_a_change_where_validation_is_below_its_best_is_found(place: int) -> None:
    test = [*TEST[:place], TEST[place] + 1, *TEST[place + 1 :]]
    found = list(check_pooled(rows(VALID, test)))
    assert [(finding.code, finding.rows) for finding in found] == [("log-test-changes-off-maximum", (place,))]


def test_two_independent_curves_break_the_rule_often() -> None:
    made_up = [50, 66, 71, 80, 85, 84, 88, 86, 89, 91, 90]
    (finding,) = check_pooled(rows(VALID, made_up))
    assert finding.rows == (4, 6, 10)


def test_a_test_accuracy_far_from_that_of_validation_is_found_where_both_are_measured() -> None:
    test = [70, *TEST[1:]]
    (finding,) = check_pooled(rows(VALID, test))
    assert (finding.code, finding.rows) == ("log-test-far-from-validation", (0,))
    assert list(check_pooled(rows(VALID, test), largest_gap=18)) == []


def test_a_held_value_may_lie_far_from_a_worse_validation_accuracy() -> None:
    assert list(check_pooled(rows([90, 40, 30], [91, 91, 91]))) == []


@pytest.mark.parametrize(
    ("valid", "test", "possible"),
    [
        (50, 24, False),
        (50, 25, True),
        (50, 75, True),
        (50, 76, False),
        (100, 49, False),
        (100, 50, True),
        (0, 51, False),
    ],
)
def test_the_bounds_of_two_sets_of_one_hundred_are_exact(valid: int, test: int, possible: bool) -> None:
    reachable = {100 * (valid + right) // 200 for right in range(101)}
    assert (test in reachable) is possible
    found = [finding.code for finding in check_pooled(rows([valid], [test]), 100, 100, largest_gap=100)]
    assert found == ([] if possible else ["log-test-impossible"])


def test_rows_without_both_columns_are_passed_over() -> None:
    log = rows(VALID, TEST)
    log.insert(3, {"valid_accuracy": 99})
    assert list(check_pooled(log)) == []
