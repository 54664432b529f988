"""Sums, rounding, lateness: exact to the last digit."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from grader.records import Adjustment, CheckMark, Outcome
from grader.rubric import Lateness, Question, Rubric
from grader.score.marks import add_up, as_mark, lateness, open_marks, outcome_of, question_mark, rounded, share, total

QUESTION = Question(id="1", title="One", marks=Decimal(3))


def check(mark: str | None, outcome: Outcome, maximum: str = "1") -> CheckMark:
    return CheckMark(id="1/a", mark=None if mark is None else Decimal(mark), max=Decimal(maximum), outcome=outcome)


def rubric(**rule: object) -> Rubric:
    late = Lateness.model_validate({"percent": 5, "period_hours": 24, **rule})
    return Rubric(
        title="T", folder=Path("t"), questions=(Question(id="1", title="", marks=Decimal(40)),), lateness=late
    )


@pytest.mark.parametrize(
    ("given", "found"), [("0.005", "0.01"), ("0.0049", "0.00"), ("1.115", "1.12"), ("2", "2.00"), ("2.675", "2.68")]
)
def test_halves_are_rounded_up(given: str, found: str) -> None:
    assert str(rounded(Decimal(given))) == found


def test_a_float_is_read_as_it_prints() -> None:
    assert as_mark(0.1 + 0.2, maximum=Decimal(1)) == Decimal("0.30")
    assert as_mark(2.675, maximum=Decimal(3)) == Decimal("2.68")


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), "x", ""])
def test_a_mark_outside_its_check_is_refused(value: float | str) -> None:
    with pytest.raises(ValueError, match="a mark must"):
        as_mark(value, maximum=Decimal(1))


def test_shares_add_up_as_well_as_two_places_allow() -> None:
    assert [share(Decimal(2), right, 3) for right in range(4)] == [Decimal(m) for m in ("0.00", "0.67", "1.33", "2.00")]
    assert share(Decimal(2), 0, 0) == 0


def test_the_outcome_of_a_mark() -> None:
    found = [outcome_of(Decimal(mark), Decimal(1)) for mark in ("1", "0.01", "0")]
    assert found == [Outcome.PASSED, Outcome.PARTIAL, Outcome.FAILED]


@pytest.mark.parametrize(
    ("checks", "mark", "outcome"),
    [
        pytest.param([check("1", Outcome.PASSED), check("2", Outcome.PASSED, "2")], "3.00", Outcome.PASSED, id="agree"),
        pytest.param(
            [check("1", Outcome.PASSED), check("0", Outcome.FAILED, "2")], "1.00", Outcome.PARTIAL, id="differ"
        ),
        pytest.param([check("0", Outcome.UNANSWERED)], "0.00", Outcome.UNANSWERED, id="unanswered"),
        pytest.param([check("1", Outcome.PASSED), check(None, Outcome.MANUAL)], None, Outcome.PARTIAL, id="waits"),
        pytest.param([check(None, Outcome.FAULT)], None, Outcome.FAULT, id="fault"),
    ],
)
def test_a_question_is_the_sum_of_its_checks(checks: list[CheckMark], mark: str | None, outcome: Outcome) -> None:
    found = question_mark(QUESTION, checks)
    assert (found.mark, found.outcome) == (None if mark is None else Decimal(mark), outcome)


def test_what_waits_is_open_and_what_is_decided_is_the_total() -> None:
    checks = [check("0.50", Outcome.PARTIAL), check(None, Outcome.MANUAL, "2")]
    question = question_mark(QUESTION, checks)
    assert total([question], []) == Decimal("0.50")
    assert open_marks(checks) == Decimal(2)


def test_a_total_is_never_negative() -> None:
    taken = Adjustment(id="x", marks=Decimal(-5), reason="", by="person")
    assert total([question_mark(QUESTION, [check("1", Outcome.PASSED)])], [taken]) == 0


def test_sums_are_exact() -> None:
    assert add_up([Decimal("0.1")] * 3) == Decimal("0.3")


@pytest.mark.parametrize(
    ("hours", "rule", "deducted"),
    [
        pytest.param(None, {}, None, id="no deadline"),
        pytest.param(0.0, {}, None, id="on the second"),
        pytest.param(-5.0, {}, None, id="early"),
        pytest.param(0.01, {}, "2.00", id="a period begun"),
        pytest.param(24.0, {}, "2.00", id="exactly one period"),
        pytest.param(24.01, {}, "4.00", id="a second period begun"),
        pytest.param(1.0, {"grace_hours": 2}, None, id="within grace"),
        pytest.param(2.0, {"grace_hours": 2}, None, id="at the end of grace"),
        pytest.param(25.0, {"grace_hours": 2}, "4.00", id="hours count from the deadline"),
        pytest.param(1000.0, {"maximum_percent": 20}, "8.00", id="at most"),
        pytest.param(1000.0, {}, "30.00", id="no more than there is"),
        pytest.param(1.0, {"percent": Decimal("3.3")}, "1.32", id="odd percentages"),
    ],
)
def test_lateness_table(hours: float | None, rule: dict[str, object], deducted: str | None) -> None:
    found = lateness(rubric(**rule), hours, Decimal("30.00"))
    assert (None if found is None else str(-found.marks)) == deducted


@pytest.mark.parametrize(
    ("hours", "words"), [(0.5, "less than an hour"), (1.0, "1 hour"), (1.5, "2 hours"), (30.2, "31 hours")]
)
def test_a_deduction_says_how_late_and_how_much(hours: float, words: str) -> None:
    found = lateness(rubric(percent=Decimal("2.5"), period_hours=100), hours, Decimal(40))
    assert found is not None
    assert found.reason == f"Handed in {words} late: 2.5 % of 40 marks."


def test_a_rubric_without_a_rule_takes_nothing() -> None:
    without = rubric().model_copy(update={"lateness": None})
    assert lateness(without, 100.0, Decimal(40)) is None
