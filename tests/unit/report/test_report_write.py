"""All views of a run, written into its folder, and telling the same story."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.marks_builders import (
    check_mark,
    described,
    hand_ins,
    question_mark,
    rubric_for,
    run_marks,
    submission_marks,
)
from helpers.report_html import read_page
from helpers.report_sample import sample_content, sample_hand_ins, sample_run

from grader import report
from grader.errors import EvidenceError
from grader.records import RunMarks
from grader.report import Content, write_views
from grader.report import write as write_module
from grader.report.plain_text import mark_text


def write_sample(folder: Path, marks: RunMarks | None = None) -> list[Path]:
    marks = marks or sample_run()
    return write_views(folder, sample_content(marks))


def write_plain(folder: Path, *rows: Any) -> list[Path]:
    marks = run_marks(*rows)
    content = Content(marks=marks, rubric=rubric_for(marks), describe=described(), submissions=hand_ins(marks))
    return write_views(folder, content)


def files_under(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_view_is_written_and_nothing_else(tmp_path: Path) -> None:
    written = write_sample(tmp_path)

    wanted = {"marks.json", "marks.csv", "junit.xml", "summary.html", *(f"feedback/s00{n}.html" for n in range(1, 6))}
    assert {path.relative_to(tmp_path).as_posix() for path in written} == wanted
    assert files_under(tmp_path) == wanted


def test_json_csv_and_pages_agree_to_the_last_digit(tmp_path: Path) -> None:
    write_sample(tmp_path)

    stored = json.loads((tmp_path / "marks.json").read_text(encoding="utf-8"), parse_float=Decimal)
    table = list(csv.DictReader((tmp_path / "marks.csv").read_text(encoding="utf-8").splitlines()))
    summary = read_page((tmp_path / "summary.html").read_text(encoding="utf-8")).tables["students-table"][1:]
    assert len(stored["submissions"]) == len(table) == len(summary) == 6
    for row, line, listed in zip(stored["submissions"], table, summary, strict=True):
        totals = [Decimal(row[key]) for key in ("total", "open", "max")]
        assert [Decimal(line[key]) for key in ("total", "open", "max")] == totals
        assert [Decimal(cell) for cell in listed[2:5]] == totals
        for question in row["questions"]:
            assert line[question["id"]] == ("" if question["mark"] is None else line[question["id"]])
            assert question["mark"] is None or Decimal(line[question["id"]]) == question["mark"]
        if row["counts"]:
            assert_page_agrees(tmp_path / "feedback" / f"{row['student']}.html", row)


def assert_page_agrees(path: Path, row: dict[str, Any]) -> None:
    page = read_page(path.read_text(encoding="utf-8"))
    assert f"{mark_text(Decimal(row['total']))} of {mark_text(Decimal(row['max']))}" in page.text
    if not row["questions"]:
        assert "sums" not in page.tables
        return
    sums = page.tables["sums"][1:]
    for question, cells in zip(row["questions"], sums, strict=False):
        decided = sum(Decimal(check["mark"]) for check in question["checks"] if check["mark"] is not None)
        waiting = sum(Decimal(check["max"]) for check in question["checks"] if check["mark"] is None)
        assert cells[0].startswith(question["id"])
        assert [Decimal(cell) for cell in cells[3:]] == [decided, waiting, Decimal(question["max"])]
        assert question["mark"] is None or Decimal(question["mark"]) == decided
    assert [Decimal(cell) for cell in sums[-1][3:]] == [Decimal(row[key]) for key in ("total", "open", "max")]


def test_the_attempt_that_counts_has_the_page(tmp_path: Path) -> None:
    write_plain(
        tmp_path,
        submission_marks("s001", question_mark("1", check_mark("1/a", "1", outcome="partial")), counts=False),
        submission_marks("s001", question_mark("1", check_mark("1/a")), attempt=2),
    )

    page = read_page((tmp_path / "feedback" / "s001.html").read_text(encoding="utf-8"))

    assert "2 of 2 (100 %)" in page.text
    assert "Attempt 2" in page.text


def test_the_pages_of_those_who_left_are_taken_away_and_other_files_stay(tmp_path: Path) -> None:
    write_sample(tmp_path)
    (tmp_path / "feedback" / "notes.txt").write_text("mine")
    (tmp_path / "feedback" / ".s003.html.unfinished").write_text("<html>")

    write_plain(tmp_path, submission_marks("s001", question_mark("1", check_mark("1/a"))))

    assert {path.name for path in (tmp_path / "feedback").iterdir()} == {"s001.html", "notes.txt"}


def test_writing_twice_changes_no_byte(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write_sample(tmp_path)}

    assert {path: path.read_bytes() for path in write_sample(tmp_path)} == first


def test_a_hand_in_may_be_missing(tmp_path: Path) -> None:
    marks = sample_run()
    hand_ins = {key: hand_in for key, hand_in in sample_hand_ins(marks).items() if key[0] != "s003"}

    write_views(tmp_path, replace(sample_content(marks), submissions=hand_ins))

    assert "0123456789ab" in (tmp_path / "feedback" / "s001.html").read_text(encoding="utf-8")
    assert "0123456789ab" not in (tmp_path / "feedback" / "s003.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("slug", ["../s001", "a/b", "", ".hidden", "a\x00b", "A B", "x" * 101, "-rf", "é"])
def test_a_name_that_is_no_slug_never_becomes_a_file(slug: str, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as caught:
        write_plain(tmp_path, submission_marks(slug, question_mark("1", check_mark("1/a"))))

    assert caught.value.code == "marks-unsafe-slug"
    assert files_under(tmp_path) == set()


def test_two_counting_attempts_of_one_student_are_an_error(tmp_path: Path) -> None:
    row = submission_marks("s001", question_mark("1", check_mark("1/a")))

    with pytest.raises(EvidenceError) as caught:
        write_plain(tmp_path, row, row.model_copy(update={"attempt": 2}))

    assert caught.value.code == "marks-two-counting"


def test_a_file_is_replaced_only_when_its_new_content_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sample(tmp_path)
    before = (tmp_path / "marks.json").read_bytes()

    def full_disk(_: RunMarks) -> Iterator[str]:
        yield "{half"
        raise OSError("no space left")

    monkeypatch.setattr(write_module, "marks_json", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_plain(tmp_path, submission_marks("s009", question_mark("1", check_mark("1/a"))))

    assert (tmp_path / "marks.json").read_bytes() == before


def test_the_public_names_are_sorted_and_there() -> None:
    assert sorted(report.__all__) == report.__all__
    assert all(hasattr(report, name) for name in report.__all__)
