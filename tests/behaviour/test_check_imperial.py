"""Every mutant and every alternative of the first coursework, through the agent, the evidence and the scoring.

`grader check` starts two kernels for each hand-in and each of two seeds, which takes a quarter of an hour: that is done
by the slow tests. Here the kernels are forks of a process that has torch loaded, and one seed has to do. The mutants of
the models run always; those of the cells, which the grid of recognition covers, and the alternatives run with the slow
rest.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from helpers.command_line import ROOT, environment

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(1200)]
OF_THE_MODELS = "in 2"
PLACE = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}


@pytest.fixture(scope="module")
def findings() -> list[dict[str, Any]]:
    """What `grader check` finds about everything."""
    return check()


@pytest.fixture(scope="module")
def findings_of_models() -> list[dict[str, Any]]:
    """What it finds about the mutants of the models."""
    return check("--only", OF_THE_MODELS)


def check(*options: str) -> list[dict[str, Any]]:
    """The findings of `grader check`, with forks for kernels."""
    command = [sys.executable, "-m", "helpers.forked_grader", "--once", "check", ROOT / "rubrics" / "imperial_cw3"]
    command += options
    done = subprocess.run(
        [*map(str, command), "--format", "json", "--quiet"],
        env=environment(**PLACE),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def broken(findings: list[dict[str, Any]], code: str) -> list[str]:
    chosen = [finding for finding in findings if finding["code"] == code]
    assert chosen, f"nothing was found out about {code}"
    return [f"{item['at']} {item['hand_in']} {item['where']}: {item['text']}" for item in chosen if not item["ok"]]


def test_every_mutant_of_the_models_is_caught_and_named_without_loss_elsewhere(
    findings_of_models: list[dict[str, Any]],
) -> None:
    assert len({item["hand_in"] for item in findings_of_models if item["code"] == "mutant-named"}) >= 40
    assert [item for item in findings_of_models if not item["ok"]] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        pytest.param("solution-full-marks", id="the model solution gets all marks"),
        pytest.param("blank-earns-nothing", id="the blank version gets none"),
        pytest.param("mutant-caught", id="every mutant loses what it should"),
        pytest.param("mutant-named", id="every mutant is named"),
        pytest.param("mutant-loses-nothing-else", id="no mutant loses elsewhere"),
        pytest.param("alternative-full-marks", id="every alternative gets full marks"),
        pytest.param("alternative-not-named", id="no alternative is named"),
        pytest.param("alternative-convention", id="conventions are recognised"),
    ],
)
def test_the_coursework_holds(findings: list[dict[str, Any]], code: str) -> None:
    assert broken(findings, code) == []


@pytest.mark.slow
def test_at_least_a_hundred_mutants_and_thirty_alternatives_were_handed_in(findings: list[dict[str, Any]]) -> None:
    named = {item["hand_in"] for item in findings if item["code"] == "mutant-named"}
    otherwise = {item["hand_in"] for item in findings if item["code"] == "alternative-full-marks"}

    assert len(named) >= 100
    assert len(otherwise) >= 30


@pytest.mark.slow
def test_nothing_else_was_found(findings: list[dict[str, Any]]) -> None:
    assert [item for item in findings if not item["ok"]] == []
