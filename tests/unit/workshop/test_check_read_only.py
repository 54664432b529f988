"""What `grader check --read-only` finds without a kernel: about every coursework that comes with the grader."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from grader.console import BatchProgress
from grader.rubric import load_rubric
from grader.score import read_questions
from grader.workshop.check import check
from grader.workshop.findings import CheckFinding

ROOT = Path(__file__).resolve().parents[3]
RUBRICS = sorted(path.parent for path in (ROOT / "rubrics").glob("*/mutants"))
READ = {
    "first_steps": {"dying", "shift"},
    "imperial_cw3": {"T1", "T2", "T3"},
    "rnn_theory": {"1.1a", "1.1b", "1.1c", "3.2"},
    "sequence_models_w1": {"1d", "2"},
    "tau_hw2": {"4a", "4b", "4c", "4d", "4e", "4f", "4s"},
    "uva_a2": {"1.1s", "1.1a", "1.1b", "1.5b"},
}
"""Some of the questions that need no kernel."""


@cache
def findings(folder: Path) -> tuple[CheckFinding, ...]:
    return tuple(check(folder, BatchProgress(quiet=True), read_only=True))


@pytest.mark.parametrize("folder", RUBRICS, ids=lambda folder: folder.name)
def test_what_is_read_in_a_coursework_holds(folder: Path) -> None:
    assert [finding for finding in findings(folder) if not finding.ok] == []


@pytest.mark.parametrize("folder", RUBRICS, ids=lambda folder: folder.name)
def test_questions_that_need_no_kernel_are_looked_at_and_no_others(folder: Path) -> None:
    rubric = load_rubric(folder)
    questions = {question.id for question in read_questions(rubric)}

    looked_at = {finding.where for finding in findings(folder) if finding.code == "solution-full-marks"}

    assert looked_at == questions
    assert questions >= READ[folder.name]
    assert questions < {question.id for question in rubric.questions} or folder.name == "rnn_theory"


def test_mutants_planted_in_a_question_that_runs_code_are_left_out() -> None:
    planted = {finding.hand_in for finding in findings(ROOT / "rubrics" / "uva_a2") if "mutant" in finding.code}

    assert "uva.wph_sign in 1.1a" in planted
    assert not [name for name in planted if " in 1.6" in name or " in 2.4" in name]


def test_a_wrong_key_is_found_without_a_kernel(tmp_path: Path) -> None:
    folder = tmp_path / "first_steps"
    shutil.copytree(ROOT / "rubrics" / "first_steps", folder)
    text = (folder / "rubric.yaml").read_text(encoding="utf-8")
    assert "answer: b," in text
    (folder / "rubric.yaml").write_text(text.replace("answer: b,", "answer: c,"), encoding="utf-8")

    wrong = [finding for finding in findings(folder) if not finding.ok]

    assert [(finding.code, finding.hand_in, finding.where) for finding in wrong] == [
        ("solution-full-marks", "model solution", "dying"),
        ("mutant-caught", "another option in dying", "dying"),
    ]
