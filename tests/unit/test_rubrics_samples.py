"""The sample hand-ins: made anew byte for byte, and what they must earn is written down in the right form."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from grader.records import SubmissionStatus
from grader.rubric import load_rubric
from reference.oracle import ORACLE

ROOT = Path(__file__).resolve().parents[2]
COURSEWORKS = sorted(path.parent.name for path in (ROOT / "submissions").glob("*/make_samples.py"))

every_coursework = pytest.mark.parametrize("name", COURSEWORKS)


def expected(name):
    with (ROOT / "submissions" / name / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def made(name, *options):
    maker = ROOT / "submissions" / name / "make_samples.py"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, str(maker), *options], cwd=ROOT, env=environment, check=False)


def archives(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.zip")}


@every_coursework
def test_samples_are_made_anew_byte_for_byte(name, tmp_path):
    run = made(name, "--out", str(tmp_path))

    assert run.returncode == 0
    assert archives(tmp_path) == archives(ROOT / "submissions" / name)


@every_coursework
def test_check_finds_the_samples_as_they_are(name):
    assert made(name, "--check").returncode == 0


@every_coursework
def test_every_sample_has_a_row_and_every_row_a_sample(name):
    rows = [row["submission"] for row in expected(name)]

    assert sorted(rows) == sorted(archives(ROOT / "submissions" / name))
    assert len(set(rows)) == len(rows)


@every_coursework
def test_expected_marks_have_the_columns_of_the_marks(name):
    questions = [question.id for question in load_rubric(ROOT / "rubrics" / name).questions]

    columns = ["submission", "status", *questions, "total", "open", "max", "flags", "diagnoses"]

    assert list(expected(name)[0]) == columns


@every_coursework
def test_expected_marks_lie_within_those_of_the_questions(name):
    rubric = load_rubric(ROOT / "rubrics" / name)

    for row in expected(name):
        assert row["status"] in set(SubmissionStatus)
        assert Decimal(row["max"]) == rubric.max
        assert Decimal(row["total"]) + Decimal(row["open"]) <= rubric.max
        for question in rubric.questions:
            assert not row[question.id] or 0 <= Decimal(row[question.id]) <= question.marks


@every_coursework
def test_expected_diagnoses_name_a_question_and_a_mistake_of_the_oracle(name):
    questions = {question.id for question in load_rubric(ROOT / "rubrics" / name).questions}
    known = set(ORACLE.nearest_mistakes(""))

    for diagnosis in (entry for row in expected(name) for entry in row["diagnoses"].split()):
        question, _, mistake = diagnosis.partition(":")
        assert question in questions
        assert mistake in known


def test_the_first_coursework_has_at_least_forty_samples_and_three_that_were_trained():
    folder = ROOT / "submissions" / "imperial_cw3"

    assert len(archives(folder)) >= 40
    assert len([content for content in archives(folder).values() if b"Iteration: 35. Loss" in content]) == 3


def test_the_exercise_sheet_has_a_hundred_marks_and_samples_of_every_sort():
    rubric = load_rubric(ROOT / "rubrics" / "rnn_theory")
    names = archives(ROOT / "submissions" / "rnn_theory")

    assert rubric.max == Decimal(100)
    assert len(names) >= 15
    assert {name[:2] for name in names} == {"t0", "t1", "t2", "t3", "t4"}
    diagnosed = {one.partition(":")[2] for row in expected("rnn_theory") for one in row["diagnoses"].split()}
    assert diagnosed >= {"count.no_recurrent", "count.n2_only", "count.times_T", "count.no_output"}
