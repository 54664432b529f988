"""The scripts beside the figure, which are no package, and copies of the rubric for other cohorts."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

RUBRIC = Path(__file__).resolve().parents[3] / "rubrics" / "imperial_cw3"
DEFAULT = "cohort: [A_model, B_model, C_model]"


@pytest.fixture(scope="session")
def scripts() -> Callable[[str], ModuleType]:
    """Name of a module of the folder -> the module."""
    sys.path.insert(0, str(RUBRIC / "figure"))
    return importlib.import_module


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Make a copy of what the figure is made from, with another cohort."""

    def copy(cohort: str = "") -> Path:
        folder = tmp_path / "rubric"
        (folder / "figure").mkdir(parents=True)
        for name in ("solution.ipynb", "figure/curves.csv", "figure/curves.png"):
            shutil.copyfile(RUBRIC / name, folder / name)
        text = (RUBRIC / "rubric.yaml").read_text(encoding="utf-8")
        assert text.count(DEFAULT) == 1
        wanted = text.replace(DEFAULT, f"cohort: [{cohort}]") if cohort else text
        (folder / "rubric.yaml").write_text(wanted, encoding="utf-8")
        return folder

    return copy
