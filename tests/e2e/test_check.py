"""The coursework's own test passes for ours, and says where it fails."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from helpers.command_line import ROOT, grader

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
FIRST_STEPS = ROOT / "rubrics" / "first_steps"


@pytest.mark.parametrize("rubric", ["first_steps", "imperial_cw3"])
def test_the_solution_gets_all_marks_and_the_blank_version_none(rubric: str) -> None:
    finished = grader("check", ROOT / "rubrics" / rubric)
    assert finished.code == 0, finished.out
    assert finished.out.strip().endswith(", 0 do not")
    assert "FAIL" not in finished.out


def altered(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """A copy of the coursework with one text replaced."""
    folder = tmp_path / "first_steps"
    shutil.copytree(FIRST_STEPS, folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def test_a_wrong_key_is_found_at_its_question(tmp_path: Path) -> None:
    folder = altered(tmp_path, "rubric.yaml", "answer: b,", "answer: c,")
    finished = grader("check", folder, "--format", "json")
    assert finished.code == 1
    failed = [finding for finding in json.loads(finished.out) if not finding["ok"]]
    assert [(finding["code"], finding["where"]) for finding in failed] == [("solution-full-marks", "dying")]


def test_marks_that_a_blank_notebook_earns_are_found(tmp_path: Path) -> None:
    question = "questions:\n  - {id: free, title: Marks for nothing, marks: 1}\n"
    folder = altered(tmp_path, "rubric.yaml", "questions:\n", question)
    tests = folder / "test_first_steps.py"
    free = (
        '\n\n@pytest.mark.question("free", marks=1)\ndef test_nothing(check):\n    check.award(reason="For nothing.")\n'
    )
    tests.write_text(tests.read_text(encoding="utf-8") + free, encoding="utf-8")

    finished = grader("check", folder, "--format", "junit")

    assert finished.code == 1, finished.err
    suite = ElementTree.fromstring(finished.out)
    failed = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert [(case.get("classname"), case.get("name")) for case in failed] == [("blank-earns-nothing", "free")]
