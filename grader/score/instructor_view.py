"""The instructor's debugging view: each check on each submission is one pytest item, and nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError
from grader.evidence import Evidence
from grader.records import CheckMark, Outcome
from grader.rubric import load_rubric
from grader.score import fixtures
from grader.score.case import Case, Coursework
from grader.score.collection import CASE_PARAMETER, SPEC
from grader.score.judging import JudgingPlugin, key_of
from grader.score.session import MARKERS

_SHOWN_AS_FAILED = (Outcome.PARTIAL, Outcome.FAILED, Outcome.UNANSWERED, Outcome.BLOCKED, Outcome.FAULT)


def instructor_view(config: pytest.Config, run: Path, students: Sequence[str] | None) -> InstructorView:
    """The plugin for a pytest session over a rubric's folder.

    Raises:
        pytest.UsageError: if there is no rubric among the arguments, or no evidence in the run folder.
    """
    folder = _rubric_folder(config)
    try:
        coursework = Coursework.load(load_rubric(folder))
    except GraderError as error:
        raise pytest.UsageError(str(error)) from error
    evidence = run / "evidence"
    found = sorted(path.parent.name for path in evidence.glob("*/notebook.json"))
    keys = [key for key in found if students is None or key in students]
    if not keys:
        raise pytest.UsageError(f"there is no evidence of {', '.join(students or ('any submission',))} in {run}")
    return InstructorView(coursework, evidence, keys)


class InstructorView(JudgingPlugin):
    """Reports every check as pytest does tests: passed, failed with the reason, or skipped where a person decides."""

    def __init__(self, coursework: Coursework, evidence: Path, keys: list[str]) -> None:
        super().__init__(coursework, keys=keys, quiet=False)
        self._evidence = evidence
        self._cases: dict[str, Case] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        super().pytest_configure(config)
        for line in MARKERS:
            config.addinivalue_line("markers", line)
        config.pluginmanager.register(fixtures, "grader-fixtures")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if metafunc.definition.path.parent == self.coursework.rubric.folder:
            metafunc.fixturenames.append(CASE_PARAMETER)
            metafunc.parametrize(CASE_PARAMETER, self.keys or [], indirect=True)

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if SPEC not in item.stash:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        case = self._case(key_of(item) or "")
        faults = len(case.faults)
        mark, reports = self.judge(item, case)
        item.ihook.pytest_runtest_logreport(report=_report(item, mark, reports, case.faults[faults:]))
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _case(self, key: str) -> Case:
        if key not in self._cases:
            evidence = Evidence(self._evidence / key)
            self._cases[key] = Case(key=key, evidence=evidence, coursework=self.coursework)
        return self._cases[key]


def _report(
    item: pytest.Item, mark: CheckMark, reports: list[pytest.TestReport], faults: list[str]
) -> pytest.TestReport:
    """A check's mark as pytest's report of a test; below the reason, what the test itself said."""
    words = f"{mark.outcome} {'?' if mark.mark is None else mark.mark}/{mark.max}: {mark.reason}"
    extra = [", ".join(mark.diagnosis), mark.next_step, *faults]
    extra += [report.longreprtext for report in reports if report.failed and report.longreprtext and not faults]
    text = "\n".join(part for part in (words, *extra) if part)
    outcome: Any = "failed" if mark.outcome in _SHOWN_AS_FAILED else "passed"
    longrepr: Any = text if outcome == "failed" else None
    if mark.outcome is Outcome.MANUAL:
        file, line, _ = item.reportinfo()
        outcome, longrepr = "skipped", (str(file), (line or 0) + 1, f"Skipped: {words}")
    return pytest.TestReport(
        item.nodeid,
        item.location,
        {item.name: 1},
        outcome,
        longrepr,
        "call",
        duration=sum(r.duration for r in reports),
    )


def _rubric_folder(config: pytest.Config) -> Path:
    for argument in config.args:
        path = Path(argument.split("::")[0]).resolve()
        for folder in (path, path.parent):
            if (folder / "rubric.yaml").is_file():
                return folder
    raise pytest.UsageError("--run needs the folder of a rubric, for example: pytest rubrics/first_steps --run RUN")
