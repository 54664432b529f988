"""marks.csv, marks.json and junit.xml."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from helpers.marks_builders import check_mark, question_mark, rubric_for, run_marks, submission_marks
from helpers.report_sample import sample_rubric, sample_run

from grader.records import Reason, RunMarks, SubmissionStatus
from grader.report.csv_table import marks_csv, spreadsheet_text
from grader.report.junit_xml import junit_xml
from grader.report.marks_json import marks_json


def test_the_table_has_the_columns_of_the_contract() -> None:
    marks = sample_run()

    rows = list(csv.reader(io.StringIO(marks_csv(marks, sample_rubric(marks)))))

    questions = ["1a", "1b", "2a", "2b", "2c", "2d", "2e", "T1", "TR"]
    assert rows[0] == [
        *("student", "name", "submission", "attempt", "status"),
        *questions,
        *("total", "open", "max", "flags"),
    ]
    assert rows[1] == [
        *("s001", "s001", "s001.zip", "1", "needs-review"),
        *("6", "6", "11.25", "0", "0", "", "", "", "0"),
        *("22.42", "12", "53", "several-notebooks log-not-rerun"),
    ]
    assert rows[5] == ["s004", "s004", "s004.zip", "1", "refused", *[""] * 9, "0", "0", "53", ""]
    assert len(rows) == 7


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\tx", "'x"),
        ("\r=x", "'=x"),
        (" =x", "'=x"),
        ("＝x", "'＝x"),
        ("\x00=x", "\N{REPLACEMENT CHARACTER}=x"),
        ("\x1b[1m=x", "'=x"),
        ('Åsa, "B" O\'Neil', 'Åsa, "B" O\'Neil'),
        ("a\nb", "a b"),
        ("", ""),
    ],
)
def test_no_text_of_a_student_is_a_formula(text: str, wanted: str) -> None:
    assert spreadsheet_text(text) == wanted


def test_formulas_in_names_files_and_flags_are_defused_in_the_table() -> None:
    row = submission_marks(
        "s001", question_mark("1", check_mark("1/a")), name="=1+1", submission="@x.zip", flags=("-flag",)
    )
    marks = run_marks(row)

    found = list(csv.reader(io.StringIO(marks_csv(marks, rubric_for(marks)))))[1]

    assert (found[1], found[2], found[-1]) == ("'=1+1", "'@x.zip", "'-flag")


def test_the_marks_come_back_from_json_as_they_went() -> None:
    marks = sample_run()

    assert RunMarks.model_validate_json("".join(marks_json(marks))) == marks


def test_marks_are_numbers_in_json_and_null_where_open() -> None:
    written = json.loads("".join(marks_json(sample_run())))

    questions = {question["id"]: question for question in written["submissions"][0]["questions"]}
    assert questions["2a"]["mark"] == 11.25
    assert questions["T1"]["mark"] is None
    assert written["schema_version"] == 1
    assert written["submissions"][0]["status"] == "needs-review"


def test_half_characters_do_not_keep_the_marks_from_being_written() -> None:
    row = submission_marks("s001", question_mark("1", check_mark("1/a", reason="x\ud800\x00")), name="\udfff")

    found = RunMarks.model_validate_json("".join(marks_json(run_marks(row))).encode()).submissions[0]

    assert (found.name, found.questions[0].checks[0].reason) == ("\ufffd", "x\ufffd\x00")


def test_every_outcome_has_its_element_in_junit() -> None:
    root = ElementTree.fromstring("".join(junit_xml(sample_run())).encode())

    cases = {case.get("name"): case for case in root[0]}
    found = {name: [child.tag for child in case] for name, case in cases.items()}
    assert found == {
        "1a/constructor": [],
        "1a/reset-range": [],
        "1b/cell": ["failure"],
        "2a/model": ["failure"],
        "2a/bias": ["failure"],
        "2b/shape": ["failure"],
        "2c/outputs": ["skipped"],
        "2d/flow": ["skipped"],
        "2d/speed": ["failure"],
        "2e/count": ["error"],
        "T1/text": ["skipped"],
        "TR/log": [],
    }
    assert (root[0].get("tests"), root[0].get("failures"), root[0].get("errors"), root[0].get("skipped")) == (
        *("12", "5", "1", "3"),
    )
    assert cases["1b/cell"][0].get("message") == (
        "Partly met, 6 of 12: The new state differs from what the handout asks for; the output follows from it."
    )
    assert cases["1b/cell"][0].text == "diagnosis: gate.inverted"


def test_nobody_disappears_from_junit() -> None:
    root = ElementTree.fromstring("".join(junit_xml(sample_run())).encode())

    assert [suite.get("name") for suite in root] == ["s001", "s002", "s002.2", "s003", "s004", "s005"]
    assert root[4][0][0].tag == "failure"
    assert (root[4][0][0].get("message") or "").startswith("Could not be read: the zip ends")
    assert (root[5][0][0].tag, root[5][0][0].get("message")) == ("skipped", "Nothing was handed in")


def test_what_xml_forbids_is_replaced_in_junit() -> None:
    bad = "\x00\x1b[31m<b>&\"'\ud800\ufffe"
    row = submission_marks(
        "s001", question_mark("1", check_mark("1/a", outcome="failed", reason=bad, diagnosis=(bad,)))
    )
    refused = submission_marks("s002", status=SubmissionStatus.REFUSED, reason=Reason(code="x", what=bad))

    root = ElementTree.fromstring("".join(junit_xml(run_marks(row, refused, rubric=bad))).encode())

    assert (root[0][0][0].get("message") or "").endswith(": \ufffd<b>&\"'\ufffd\ufffd")


def test_marks_with_many_decimals_are_kept_exactly() -> None:
    marks = run_marks(
        *(
            submission_marks(f"s{n}", question_mark("1", check_mark("1/a", f"{n}.{n}{n + 1}", "20", "partial")))
            for n in range(9)
        )
    )

    rows = list(csv.DictReader(io.StringIO(marks_csv(marks, rubric_for(marks)))))

    assert [Decimal(row["1"]) for row in rows] == [row.questions[0].mark for row in marks.submissions]
