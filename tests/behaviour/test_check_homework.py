"""Every mutant and every alternative of the second homework, through the agent, the evidence and the scoring.

The kernels are forks of a process that has torch loaded; see `helpers.forked_grader`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from helpers.command_line import ROOT, environment

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def findings() -> list[dict[str, Any]]:
    """What `grader check` finds, with two seeds."""
    command = [sys.executable, "-m", "helpers.forked_grader", "check", str(ROOT / "rubrics" / "tau_hw2")]
    done = subprocess.run(
        [*command, "--format", "json", "--quiet"],
        env=environment(PYTHONPATH=f"{ROOT}:{ROOT / 'tests'}"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_the_homework_holds(findings: list[dict[str, Any]]) -> None:
    assert [item for item in findings if not item["ok"]] == []


def test_all_planted_mistakes_and_right_forms_were_handed_in(findings: list[dict[str, Any]]) -> None:
    named = {item["hand_in"] for item in findings if item["code"] == "mutant-named"}
    otherwise = {item["hand_in"] for item in findings if item["code"] == "alternative-full-marks"}

    assert len(named) >= 80
    assert len(otherwise) >= 5
