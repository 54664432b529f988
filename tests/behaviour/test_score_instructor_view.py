"""`pytest rubrics/<coursework> --run RUN`: every check on every submission, and nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.evidence_files import MARKERS, PROBES, run_with, write_evidence, write_rubric

QUESTIONS = """questions:
  - {id: '1', title: Scaling, marks: 2}
  - {id: N, title: A number, marks: 1, kind: number, variable: n, answer: 3}
"""
TESTS = (
    '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'
    "def test_scale(check, probe):\n"
    "    check.expect('All should be ones.')\n"
    "    assert (probe.tensor('y') == 1).all(), 'only for the instructor'\n"
    "    check.award()\n"
)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A rubric and a run with one right and one wrong submission."""
    write_rubric(tmp_path / "course", questions=QUESTIONS, tests=TESTS, extra=MARKERS + PROBES)
    for key, y in (("s001", torch.ones(3)), ("s002", torch.zeros(3))):
        run, tensors = run_with(y)
        write_evidence(tmp_path / "run" / "evidence" / key, runs=[run], tensors=tensors)
    return tmp_path


def view(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Pytest as an instructor calls it."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--disable-plugin-autoload",
        "-p",
        "grader.score.plugin",
        "-c",
        os.devnull,
    ]
    command += ["-p", "no:cacheprovider", "--rootdir", str(course), "--import-mode=importlib", *arguments]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=course, capture_output=True, text=True, timeout=120, check=False, env=environment
    )


def test_every_check_on_every_submission_is_shown_and_nothing_is_written(course: Path) -> None:
    before = sorted(course.rglob("*"))

    shown = view(course, "course", "--run", "run", "-v")

    assert "test_scale[s001] PASSED" in shown.stdout, shown.stdout + shown.stderr
    assert "test_scale[s002] FAILED" in shown.stdout
    assert "failed 0.00/2.00: All should be ones." in shown.stdout
    assert "only for the instructor" in shown.stdout
    assert "N/number[s001] FAILED" in shown.stdout
    assert "unanswered 0.00/1.00: Nothing was written here." in shown.stdout
    assert sorted(course.rglob("*")) == before


def test_k_and_student_choose(course: Path) -> None:
    shown = view(course, "course", "--run", "run", "-k", "scale", "--student", "s001")
    assert "1 passed, 1 deselected" in shown.stdout, shown.stdout + shown.stderr


def test_x_stops_at_the_first_failure(course: Path) -> None:
    shown = view(course, "course", "--run", "run", "-x", "-k", "number")
    assert "1 failed" in shown.stdout
    assert "stopping after 1 failures" in shown.stdout


def test_a_wrong_rubric_is_a_usage_error_with_the_difference(course: Path) -> None:
    (path,) = (course / "course").glob("test_*.py")
    path.write_text(path.read_text(encoding="utf-8").replace("marks=2", "marks=1"), encoding="utf-8")

    shown = view(course, "course", "--run", "run")

    assert shown.returncode == pytest.ExitCode.USAGE_ERROR
    assert "rubric-marks-do-not-add-up" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("course", "--run", "elsewhere"), "there is no evidence of any submission", id="no run"),
        pytest.param(("course", "--run", "run", "--student", "s9"), "there is no evidence of s9", id="no such student"),
        pytest.param(("run", "--run", "run"), "needs the folder of a rubric", id="no rubric"),
    ],
)
def test_a_call_that_cannot_work_says_why(course: Path, arguments: tuple[str, ...], words: str) -> None:
    shown = view(course, *arguments)
    assert shown.returncode == pytest.ExitCode.USAGE_ERROR
    assert words in shown.stderr


def test_without_run_the_plugin_does_nothing(course: Path) -> None:
    plain = course / "test_plain.py"
    plain.write_text("def test_plain(): assert True\n", encoding="utf-8")

    shown = view(course, str(plain), "-q")

    assert "1 passed" in shown.stdout
