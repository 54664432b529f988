"""What planted hand-ins must earn, and the table of planted mistakes: from the files, not from a run."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

from helpers.workshop_rubric import Oracle, coursework

from grader.rubric import load_rubric
from grader.workshop.expectations import Expectation
from grader.workshop.planting import planted_of, planted_trials
from grader.workshop.tables import expected_csv, planted_table

ROOT = Path(__file__).resolve().parents[3]
MUTANTS = """\
@@ step.late in two
second = 1

@@ step.early in one
@ loses: one 1.5, two 2
@ also: two step.late
y = x

@@ typo in two
second = 2

@@ step.harmless in one
@ loses: nothing
y = x
"""
ALTERNATIVES = "@@ words\n@ in one\ny = x\n"


def rows(tmp_path: Path) -> list[dict[str, str]]:
    rubric = coursework(tmp_path / "course", mutants=MUTANTS, alternatives=ALTERNATIVES)
    trials = planted_trials(rubric, planted_of(rubric, Oracle()))
    return list(csv.DictReader(io.StringIO(expected_csv(rubric, [trial.expectation for trial in trials]))))


def test_expected_marks_are_those_of_the_rubric_less_what_is_lost(tmp_path: Path) -> None:
    found = [(row["one"], row["two"], row["total"]) for row in rows(tmp_path)]

    assert found == [("4", "1.5", "5.5"), ("2.5", "0", "2.5"), ("4", "", ""), ("4", "2", "6"), ("4", "2", "6")]


def test_what_a_person_reads_stays_empty_and_open(tmp_path: Path) -> None:
    for row in rows(tmp_path):
        assert (row["why"], row["open"], row["max"], row["status"]) == ("", "3", "9", "open")


def test_what_waits_for_a_person_is_said_by_the_kind_of_answer() -> None:
    rubric = load_rubric(ROOT / "rubrics" / "tau_hw2")
    item = Expectation(kind="alternative", submission="x", name="x", where="")

    (row,) = csv.DictReader(io.StringIO(expected_csv(rubric, [item])))

    read = [check.marks for question in rubric.questions for check in question.checks if check.kind == "text"]
    assert (row["P10"], row["P11"], row["P1"]) == ("", "", str(rubric.question("P1").marks))
    assert Decimal(row["open"]) == sum(read) + rubric.question("P10").marks


def test_expected_names_stand_with_their_questions(tmp_path: Path) -> None:
    names = [row["diagnoses"] for row in rows(tmp_path)]

    assert names == ["two:step.late", "one:step.early two:step.late", "", "one:step.harmless", ""]


def test_the_table_has_every_mutant_by_question_with_its_title_and_loss(tmp_path: Path) -> None:
    rubric = coursework(tmp_path / "course", mutants=MUTANTS, alternatives=ALTERNATIVES)
    oracle = Oracle()

    table = planted_table(planted_of(rubric, oracle), lambda name: oracle.describe(name).title)

    assert table.split("\n") == [
        "| planted in | mistake | named | loses |",
        "| --- | --- | --- | --- |",
        "| one | `step.early` | One step too early | one 1.5, two 2 |",
        "| one | `step.harmless` | A step that costs nothing | nothing |",
        "| two | `step.late` | One step too late | there |",
        "| two | typo | nothing | there |",
        "",
    ]
