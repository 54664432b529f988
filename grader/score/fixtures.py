"""The fixtures of rubric tests; registered only while something is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from grader.coursework import StudentVersion
from grader.errors import CheckFaultError
from grader.evidence import Evidence
from grader.oracle import Oracle
from grader.records import NotebookRecord
from grader.score.case import Case
from grader.score.probe_view import ProbeView
from grader.score.recorder import CheckRecorder


@dataclass(slots=True, kw_only=True)
class Trial:
    """A test while it runs on one definition."""

    case: Case
    recorder: CheckRecorder
    views: dict[str, ProbeView]
    error: BaseException | None = None
    """The first exception, in the set-up or in the test."""
    torn_down_badly: bool = False


class Stage:
    """Holds the trial that runs now; one for each pytest session."""

    def __init__(self) -> None:
        self.trial: Trial | None = None

    def current(self) -> Trial:
        """The trial that runs now.

        Raises:
            CheckFaultError: if a fixture is asked for outside of a check.
        """
        if self.trial is None:
            raise CheckFaultError("check-outside-scoring", "a fixture of the grader is used outside of a check")
        return self.trial


STAGE = pytest.StashKey[Stage]()


def _trial(request: pytest.FixtureRequest) -> Trial:
    return request.config.stash[STAGE].current()


@pytest.fixture
def check(request: pytest.FixtureRequest) -> CheckRecorder:
    """Takes the mark: `award`, `manual`, `blocked`, `flag`, `expect`."""
    return _trial(request).recorder


@pytest.fixture
def probe(request: pytest.FixtureRequest) -> ProbeView:
    """The run of the first probe that the test declares; `.probe(id)` for the others."""
    return _first_view(_trial(request))


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Everything stored about the submission."""
    return _trial(request).case.evidence


@pytest.fixture
def notebook(request: pytest.FixtureRequest) -> NotebookRecord:
    """The notebook as handed in."""
    return _trial(request).case.evidence.notebook


@pytest.fixture
def student_version(request: pytest.FixtureRequest) -> StudentVersion:
    """The template that students got."""
    return _trial(request).case.coursework.template


@pytest.fixture
def oracle(request: pytest.FixtureRequest) -> Oracle | None:
    """The rubric's oracle, None if it names none."""
    return _trial(request).case.coursework.oracle


@pytest.fixture
def verdicts(request: pytest.FixtureRequest) -> dict[Any, Any]:
    """What the judges of this submission found out so far, for one another."""
    return _trial(request).case.memo


@pytest.fixture
def grader_case(request: pytest.FixtureRequest) -> str:
    """The key of the submission, in the instructor's view."""
    return str(request.param)


def _first_view(trial: Trial) -> ProbeView:
    return next(iter(trial.views.values()))


PLAIN: Mapping[str, Callable[[Trial], Any]] = {
    "check": lambda trial: trial.recorder,
    "probe": _first_view,
    "evidence": lambda trial: trial.case.evidence,
    "notebook": lambda trial: trial.case.evidence.notebook,
    "student_version": lambda trial: trial.case.coursework.template,
    "oracle": lambda trial: trial.case.coursework.oracle,
    "verdicts": lambda trial: trial.case.memo,
}
"""What the fixtures above yield. They set up nothing and tear nothing down, so a test that uses no others can be called
without pytest's machinery, at a hundredth of the cost."""
