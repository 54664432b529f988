"""Findings as text, JSON and JUnit XML."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

from grader.workshop.findings import CheckFinding, exit_code, render


def finding(code: str, hand_in: str, *, ok: bool = True, where: str = "") -> CheckFinding:
    return CheckFinding(code=code, ok=ok, text="2 < 3 & so on", where=where, hand_in=hand_in, at="course/file.txt:3")


FINDINGS = [
    finding("solution-full-marks", "model solution", where="one"),
    finding("same-outcome-twice", "model solution"),
    finding("mutant-caught", "step.early in one", ok=False, where="one"),
    finding("mutant-named", "step.early in one", where="one"),
]


def test_text_has_one_line_for_what_holds_and_the_place_of_what_does_not() -> None:
    assert render(FINDINGS, "text").split("\n") == [
        "ok    model solution: solution-full-marks, same-outcome-twice",
        "FAIL  step.early in one: mutant-caught one: 2 < 3 & so on",
        "      at course/file.txt:3",
        "3 hold, 1 do not",
    ]


def test_json_has_every_finding_whole() -> None:
    assert [CheckFinding.model_validate(item) for item in json.loads(render(FINDINGS, "json"))] == FINDINGS


def test_junit_has_a_case_for_every_finding_with_file_and_failure() -> None:
    suite = ElementTree.fromstring(render(FINDINGS, "junit"))

    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    cases = list(suite.iter("testcase"))
    assert [case.get("classname") for case in cases] == [item.code for item in FINDINGS]
    assert cases[2].get("name") == "step.early in one, one"
    assert cases[2].get("file") == "course/file.txt:3"
    failure = cases[2].find("failure")
    assert failure is not None
    assert failure.get("message") == "2 < 3 & so on"


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        pytest.param(FINDINGS[:2], 0, id="all hold"),
        pytest.param(FINDINGS, 1, id="one does not"),
        pytest.param([*FINDINGS, finding("grader-fault", "x", ok=False)], 3, id="our fault"),
    ],
)
def test_the_exit_code_tells_findings_from_faults_of_ours(findings: list[CheckFinding], code: int) -> None:
    assert exit_code(findings) == code
