"""The shapes that annotations name hold at run time, and docstrings say all that they should."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import reference.gradients as gradients

ROOT = Path(__file__).resolve().parents[3]
HEADINGS = ("Equations", "Shapes", "Source", "Departures", "Numerics", "Oracle", "Mistakes")
FUNCTIONS = sorted(name for name in gradients.__all__ if inspect.isfunction(getattr(gradients, name)))
PLAIN = {"gru_two_steps", "logistic_slope", "lstm_gradients", "softmax_error"}
"""A line or two, made of what is documented in full."""


def test_every_public_function_keeps_to_its_annotations() -> None:
    script = ROOT / "tests" / "helpers" / "gradient_annotations.py"
    run = subprocess.run(
        [sys.executable, "-c", f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == FUNCTIONS


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - PLAIN))
def test_every_reference_gradient_documents_all_seven_headings(name: str) -> None:
    text = inspect.getdoc(getattr(gradients, name)) or ""
    assert [heading for heading in HEADINGS if heading not in text] == []
