"""`grader doctor` tries the sandbox here and now, and tells the limits."""

from __future__ import annotations

import json

import pytest
from helpers.command_line import ROOT, WITHOUT_NAMESPACES, grader

pytestmark = pytest.mark.sandbox


def test_the_doctor_tries_the_sandbox_and_lists_the_limits_of_the_rubric() -> None:
    finished = grader("doctor", ROOT / "rubrics" / "imperial_cw3", "--format", "json")
    findings = {finding["name"]: finding for finding in json.loads(finished.out)}
    assert finished.code == 0, finished.out
    assert all(finding["ok"] for finding in findings.values())
    for clause in ("files", "imports", "network", "processes", "capabilities", "writing", "space"):
        assert f"contract/{clause}" in findings
    assert findings["limit/statement_s"]["text"] == "10.0"
    assert findings["limit/memory_bytes"]["text"] == "1,073,741,824"


def test_without_namespaces_and_bubblewrap_the_doctor_says_what_to_change() -> None:
    finished = grader("doctor", before=WITHOUT_NAMESPACES, PATH="/nonexistent")
    assert finished.code == 3
    assert "FAIL  isolation" in finished.out
    assert "bubblewrap" in finished.out
    assert "kernels cannot be sealed" in finished.out
    assert "user namespaces" in finished.out
