"""The pytest plugin: `pytest rubrics/<coursework> --run RUN` shows an instructor every check on every submission.

It does nothing unless `--run` is given. `-k`, `-x` and `--lf` work as ever; no mark is written anywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from grader.score.instructor_view import InstructorView


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("grader", "marks for coursework")
    group.addoption("--run", metavar="RUN", help="run folder whose evidence the rubric's checks are shown on")
    group.addoption(
        "--student", metavar="KEY", action="append", help="only this submission (repeatable); all by default"
    )


def pytest_configure(config: pytest.Config) -> None:
    run = config.getoption("--run")
    if run is None:
        return
    view = _view(config, Path(run))
    config.pluginmanager.register(view, "grader-instructor-view")


def _view(config: pytest.Config, run: Path) -> InstructorView:
    # Only now: the stage loads torch, and this module is imported by every pytest session of the environment.
    from grader.score.instructor_view import instructor_view

    return instructor_view(config, run, config.getoption("--student"))
