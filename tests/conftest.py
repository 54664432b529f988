"""What all tests share: nothing is written into the checkout, and a layer that cannot run says so, or fails in CI."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Hypothesis reads its home once, when it is first imported; its default lies in the working directory.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "grader-hypothesis"))

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a job that a shell runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what tests start would ignore interrupts, too

settings.register_profile("suite", database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ("networks", "gradients", "optimisers", "language", "counts", "curves")
"""Packages of the reference whose documented shapes are checked at every call while tests run."""


def checked_modules() -> list[str]:
    """Modules that are checked: the answers, and every cell.

    `reference.cells.roles` is left out here: recognition makes thousands of roles for one cell, and checking them would
    triple the time of its tests. A test of its own runs the tests of the cells with it (test_runtime_types.py).
    """
    cells = sorted(path.stem for path in (ROOT / "reference" / "cells").glob("*.py"))
    return [f"reference.cells.{name}" for name in cells if name not in ("__init__", "roles")] + [
        f"reference.{name}" for name in ANSWERS
    ]


if any(name.startswith("reference.") for name in sys.modules):
    raise pytest.UsageError("the reference was imported before its shapes could be checked")
install_import_hook(checked_modules(), "beartype.beartype")

KERNELS = Path(os.environ.get("GRADER_KERNELS", ROOT / ".kernels"))


def _missing() -> dict[str, str]:
    """Marker of a layer -> why it cannot run here."""
    missing = {}
    if shutil.which("bwrap") is None:
        missing["sandbox"] = "bubblewrap is not installed"
    elif not any(KERNELS.glob("*/.complete")):
        missing["sandbox"] = "no kernel environment was made (scripts/setup)"
    if shutil.which("chromium") is None:
        missing["browser"] = "Chromium is not installed"
    return missing


def pytest_report_header() -> list[str]:
    return [f"layer {layer} cannot run here: {why}" for layer, why in _missing().items()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    required = bool(os.environ.get("CI"))
    for layer, why in _missing().items():
        for item in items:
            if item.get_closest_marker(layer) is not None:
                if required:
                    raise pytest.UsageError(f"CI requires the layer {layer}: {why}")
                item.add_marker(pytest.mark.skip(reason=why))
