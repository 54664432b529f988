"""The arithmetic of the benchmark: ratios within a round, medians over rounds, limits, tables."""

from __future__ import annotations

import pytest
from growth import Point
from growth import table as growth_table
from peers.memory import Memory, rollup, summary
from peers.table import (
    FLOOR,
    LIMITS,
    MIB,
    OURS,
    Cost,
    Limit,
    costs_table,
    each_further,
    full_marks,
    markdown,
    ratios,
    together,
    verdicts,
)
from phases import EXECUTION, PAGES, READING, SCORING, Ledger, budget, further
from phases import table as phases_table

CPU, ABOVE, RATE = (
    "times fewer CPU seconds than the better peer",
    "times the CPU seconds of the floor",
    "times the submissions a minute of the better peer",
)


def one_round(ours: float = 0.25, floor: float = 0.125, first: float = 4.0, second: float = 2.0) -> dict[str, Cost]:
    """A round in which the peer with more CPU seconds grades more in a minute."""
    return {
        OURS: Cost(cpu_s=ours, per_minute=400),
        "first": Cost(cpu_s=first, per_minute=40),
        "second": Cost(cpu_s=second, per_minute=32),
        FLOOR: Cost(cpu_s=floor, per_minute=900),
    }


def test_ratios_are_to_the_peer_that_is_better_in_each_respect() -> None:
    assert ratios([one_round()]) == {CPU: 8.0, ABOVE: 2.0, RATE: 10.0}


def test_ratios_are_medians_of_those_within_a_round() -> None:
    rounds = [one_round(), one_round(ours=0.5, floor=0.5), one_round(ours=2.0, floor=0.5)]
    assert ratios(rounds) == {CPU: 4.0, ABOVE: 2.0, RATE: 10.0}


def test_turns_of_one_round_count_by_what_they_took() -> None:
    turns = [Cost(cpu_s=0.25, per_minute=60), Cost(cpu_s=0.75, per_minute=30)]
    assert together(turns) == Cost(cpu_s=0.5, per_minute=40)


def test_the_floor_is_no_peer() -> None:
    assert ratios([one_round(floor=0.001)])[CPU] == 8.0


@pytest.mark.parametrize(
    ("at_least", "ratio", "met"),
    [(True, 8.0, True), (True, 7.99, False), (False, 8.0, True), (False, 8.01, False)],
)
def test_a_limit_is_met_up_to_its_edge(at_least: bool, ratio: float, met: bool) -> None:
    assert Limit(what="", wanted=8, at_least=at_least).met(ratio) is met


def test_the_limits_are_those_that_are_promised() -> None:
    assert {limit.what: limit.wanted for limit in LIMITS[False]} == {CPU: 8, ABOVE: 4, RATE: 10}
    assert {limit.what: limit.wanted for limit in LIMITS[True]} == {CPU: 3, RATE: 3}


def test_each_ratio_is_told_with_its_limit() -> None:
    assert verdicts([one_round(ours=0.5)], training=False) == [
        "- 4.00 times fewer CPU seconds than the better peer; at least 8: MISSED",
        "- 4.00 times the CPU seconds of the floor; at most 4: met",
        "- 10.00 times the submissions a minute of the better peer; at least 10: met",
    ]


def test_with_training_the_floor_has_no_limit() -> None:
    assert verdicts([one_round(ours=0.5)], training=True)[1] == "- 4.00 times the CPU seconds of the floor; no limit"


def test_what_is_paid_once_is_not_in_each_further_hand_in() -> None:
    once, each = 6.0, 0.25
    small = one_round(ours=(once + 4 * each) / 4, first=4.0)
    large = [one_round(ours=(once + 20 * each) / 20, first=4.0)]
    further = each_further(large, 20, small, 4)
    assert further[OURS] == pytest.approx(each)
    assert further["first"] == pytest.approx(4.0)


def test_a_batch_that_is_no_larger_tells_nothing_about_further_ones() -> None:
    assert each_further([one_round()], 4, one_round(), 4) == {}


def test_a_table_has_words_to_the_left_and_numbers_to_the_right() -> None:
    assert markdown(("what", "much"), [("a", "1")]) == "| what | much |\n| --- | ---: |\n| a | 1 |"


def test_a_contender_is_a_row_with_medians_memory_and_marks() -> None:
    rounds = [one_round(), one_round(ours=0.75), one_round(ours=0.5)]
    seen = Memory(kernels=4, uss=30 * MIB, pss=80 * MIB, worst_uss=31 * MIB)
    rows = costs_table(rounds, {OURS: seen, "first": None}, {OURS: "2 of 2 right"}).splitlines()
    assert rows[2] == f"| {OURS} | 0.500 | 400.0 | 30 | 80 | 2 of 2 right |"
    assert rows[3] == "| first | 4.000 | 40.0 | – | – | – |"


def test_full_marks_are_counted_for_right_and_wrong_ones() -> None:
    right = {"a": True, "b": False, "c": True}
    assert full_marks({"a": 0.0, "b": 0.0, "c": 1.5}, right) == "1 of 2 right, 1 of 1 wrong"


def test_memory_is_read_from_the_kernels_summary() -> None:
    text = "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nPss: 300 kB\nPrivate_Clean: 8 kB\nPrivate_Dirty: 92 kB\n"
    assert rollup(text) == (100 * 1024, 300 * 1024)


def test_of_each_kernel_the_largest_process_counts() -> None:
    peaks = {"one": {"init": (1, 2), "kernel": (30, 40)}, "two": {"kernel": (50, 60)}, "three": {"kernel": (10, 90)}}
    assert summary(peaks) == Memory(kernels=3, uss=30, pss=60, worst_uss=50)


def test_memory_of_no_kernel_is_not_known() -> None:
    assert summary({}) is None


def test_a_ledger_gives_each_phase_what_passed_until_the_next() -> None:
    times = iter([1.0, 1.5, 9.5, 10.0, 10.25])
    ledger = Ledger(lambda: next(times))
    ledger.stage("reading the hand-ins")
    ledger.begin(4, 0)
    ledger.stage("scoring")
    ledger.stage("writing pages and tables")
    ledger.enter("")
    assert ledger.spent == {READING: 0.5, EXECUTION: 8.0, SCORING: 0.5, PAGES: 0.25}


def test_storing_and_work_are_taken_out_of_execution() -> None:
    spent = {READING: 0.5, EXECUTION: 8.0, SCORING: 0.5, PAGES: 0.25, "storing": 0.75}
    assert budget(spent, 3.25, 10) == {
        READING: 50.0,
        "kernel": 400.0,
        "cells and probes": 325.0,
        "scoring": 50.0,
        "page and store": 100.0,
    }


def test_a_finished_run_has_scoring_and_pages_only() -> None:
    assert budget({SCORING: 0.5, PAGES: 0.25}, 0.0, 10) == {"scoring": 50.0, "page and store": 25.0}


def test_phases_stand_beside_the_plan_and_add_up() -> None:
    found = {READING: 5.0, "kernel": 140.0, "scoring": 60.0}
    more = {READING: 4.0, "kernel": 120.0, "scoring": 50.0}
    assert phases_table(found, more).splitlines()[2:] == [
        "| reading and planning | 5 | 4 | – |",
        "| kernel | 140 | 120 | 130 |",
        "| scoring | 60 | 50 | 60 |",
        "| in all | 205 | 174 | 190 |",
    ]


def test_a_column_that_was_not_measured_is_empty() -> None:
    assert phases_table({"scoring": 60.0}).splitlines()[2] == "| scoring | 60 | – | 60 |"


def test_what_a_run_pays_once_is_in_no_further_submission() -> None:
    once, each = 7.0, 0.5
    few = {EXECUTION: once + 2 * each, SCORING: 0.2, PAGES: 0.1, READING: 0.02}
    whole = {EXECUTION: once + 12 * each, SCORING: 1.2, PAGES: 0.6, READING: 0.12}
    more = budget(further(whole, few), 2.0, 10)
    assert more["kernel"] == pytest.approx(1000 * each - 200)
    assert more["scoring"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("peak", "said"), [(350.0, "+50 MiB (at most 50: met)"), (351.0, "+51 MiB (at most 50: MISSED)")]
)
def test_growth_is_told_from_the_first_size_to_the_last(peak: float, said: str) -> None:
    points = [
        Point(size=30, cpu_s=0.5, per_minute=100, peak_mib=300, level="sealed", load=0.1),
        Point(size=3000, cpu_s=0.25, per_minute=200, peak_mib=peak, level="sealed", load=0.1),
    ]
    assert growth_table(points).endswith(f"From 30 to 3,000: 0.50 times the CPU seconds a submission, {said}.")
