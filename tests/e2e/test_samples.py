"""The sample submissions through the command line, compared with the marks beside them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from helpers.command_line import ROOT, marks_json, rows_by_submission, table
from helpers.report_html import read_page

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(900)]
RUBRICS = ("imperial_cw3", "first_steps", "rnn_theory", "sequence_models_w1", "tau_hw2", "uva_a2")
SLOW = ("sequence_models_w1", "uva_a2")


def marks_of(rubric: str) -> Any:
    return (pytest.mark.slow,) if rubric in SLOW else ()


def samples(rubric: str) -> list[Any]:
    expected = table(ROOT / "submissions" / rubric / "expected.csv")
    return [pytest.param(rubric, row, id=row["submission"], marks=marks_of(rubric)) for row in expected]


every_rubric = pytest.mark.parametrize("rubric", [pytest.param(rubric, marks=marks_of(rubric)) for rubric in RUBRICS])


@pytest.fixture
def run(request: pytest.FixtureRequest, rubric: str) -> Any:
    return request.getfixturevalue("imperial" if rubric == "imperial_cw3" else rubric)


def diagnoses(row: dict[str, Any]) -> set[str]:
    return {
        f"{question['id']}:{name}"
        for question in row["questions"]
        for check in question["checks"]
        for name in check["diagnosis"]
    }


@pytest.mark.parametrize(("rubric", "expected"), [case for rubric in RUBRICS for case in samples(rubric)])
def test_a_sample_gets_the_marks_that_were_written_by_hand(run: Any, expected: dict[str, str]) -> None:
    got = written(run)[expected["submission"]]
    differences = {
        column: f"expected {value}, found {got[column]}"
        for column, value in expected.items()
        if value and column not in ("submission", "diagnoses", "flags") and not same(value, got[column])
    }
    assert not differences, explanation(run, expected["submission"])
    if expected.get("flags"):
        assert set(expected["flags"].split()) <= set(got["flags"].split())
    if expected.get("diagnoses"):
        assert diagnoses(rows_by_submission(run.folder)[expected["submission"]]) == set(expected["diagnoses"].split())


def written(run: Any) -> dict[str, dict[str, str]]:
    """marks.csv by submission; a name that a spreadsheet would take for a formula stands there behind an apostrophe."""
    return {row["submission"].removeprefix("'"): row for row in table(run.folder / "marks.csv")}


def same(expected: str, found: str) -> bool:
    try:
        return Decimal(expected) == Decimal(found)
    except ArithmeticError:
        return expected == found


def explanation(run: Any, submission: str) -> str:
    """What the marks say about a submission, for the failing test's message."""
    row = rows_by_submission(run.folder)[submission]
    lines = [f"{row['status']} {row['flags']} {row['reason']}"]
    lines += [
        f"  {check['id']}: {check['mark']}/{check['max']} {check['outcome']} {check['diagnosis']} {check['reason']}"
        for question in row["questions"]
        for check in question["checks"]
    ]
    return "\n".join(lines)


@every_rubric
def test_a_batch_ends_with_its_counts_and_one_row_and_page_for_each_sample(run: Any, rubric: str) -> None:
    assert run.finished.code in (0, 1), run.finished.err
    counts = re.fullmatch(
        r"(\d+) graded, (\d+) open, (\d+) need review, (\d+) refused", run.finished.out.strip().split("\n")[-1]
    )
    assert counts is not None, run.finished.out
    expected = table(ROOT / "submissions" / rubric / "expected.csv")
    rows = marks_json(run.folder)["submissions"]
    assert {row["submission"] for row in rows} == {row["submission"] for row in expected}
    assert sum(map(int, counts.groups())) == len(rows) == len(expected)
    for row in rows:
        assert (run.folder / "feedback" / f"{row['student']}.html").is_file()
    for name in ("summary.html", "junit.xml", "run.sqlite"):
        assert (run.folder / name).is_file()


@every_rubric
def test_marks_json_marks_csv_and_pages_agree_to_the_last_digit(run: Any, rubric: str) -> None:
    document = json.loads((run.folder / "marks.json").read_text(), parse_float=Decimal, parse_int=Decimal)
    rows = written(run)
    for row in document["submissions"]:
        in_csv = rows[row["submission"]]
        page = read_page((run.folder / "feedback" / f"{row['student']}.html").read_text(encoding="utf-8"))
        if not row["questions"]:
            assert number(in_csv["total"]) == row["total"] == 0, row["submission"]
            continue
        sums = page.tables["sums"][1:]
        for question, line in zip(row["questions"], sums, strict=False):
            assert line[0].split()[0] == question["id"]
            assert number(in_csv[question["id"]]) == question["mark"]
            assert number(line[3]) == decided(question), (row["submission"], line)
            assert number(line[5]) == question["max"]
        total = sums[-1]
        assert number(in_csv["total"]) == number(total[3]) == row["total"], row["submission"]
        assert number(in_csv["open"]) == number(total[4]) == row["open"]
        earned = sum((decided(question) for question in row["questions"]), Decimal(0))
        assert max(Decimal(0), earned + sum(item["marks"] for item in row["adjustments"])) == row["total"]


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def decided(question: dict[str, Any]) -> Decimal:
    return sum((check["mark"] for check in question["checks"] if check["mark"] is not None), Decimal(0))


def test_the_readme_shows_the_true_output_of_make_grade(imperial: Any) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = imperial.finished.out.replace(str(imperial.folder), "runs/imperial_cw3").rstrip()
    assert "\n".join(f"    {line}" for line in said.split("\n")) in readme
