"""The pytest plugin proper: runs each check on a case, whatever performs it, and turns what happened into a mark."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from grader.errors import CheckFaultError, EvidenceError, RubricError
from grader.records import CheckMark
from grader.score.case import Case, Coursework
from grader.score.checks import CheckSpec, validate_ids, validate_sums
from grader.score.collection import SPEC, KindItem, RubricFile, spec_of
from grader.score.direct_call import call, can_be_called
from grader.score.fixtures import STAGE, Stage, Trial
from grader.score.gate import Attempt, closed_gate, counting, definitions_to_judge, looked_at, unless_blank, views
from grader.score.kinds import Verdict
from grader.score.probe_view import ProbeView
from grader.score.recorder import CheckRecorder

DIRECT = pytest.StashKey[bool]()
"""True for a test that is called without pytest's protocol."""


class JudgingPlugin:
    """What both ways of scoring share: collection, validation, and the judging of one item.

    Args:
        coursework: the rubric and all that belongs to it.
        keys: the submissions for which checks are repeated; None where the plugin's user loops over them.
        quiet: True where no report is read, so that none needs to be formatted.
    """

    def __init__(self, coursework: Coursework, *, keys: list[str] | None, quiet: bool) -> None:
        self.coursework = coursework
        self.keys = keys
        self.quiet = quiet
        self.stage = Stage()
        self.error: RubricError | None = None
        """Why nothing can be scored."""

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[STAGE] = self.stage

    def pytest_collect_file(self, file_path: Any, parent: pytest.Collector) -> pytest.Collector | None:
        if file_path != self.coursework.rubric.folder / "rubric.yaml":
            return None
        file: RubricFile = RubricFile.from_parent(parent, path=file_path)
        file.coursework, file.keys = self.coursework, self.keys if self.keys is not None else [None]
        return file

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.error is None:
            lines = [line for line in report.longreprtext.splitlines() if line.strip()]
            self.error = RubricError(
                "rubric-test-broken",
                f"a test file cannot be loaded: {lines[-1].removeprefix('E').strip() if lines else 'no reason given'}",
                where=report.nodeid,
                next_step=f"pytest --collect-only {self.coursework.rubric.folder.name}/{report.nodeid}",
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        try:
            if self.error is not None:
                raise self.error
            self._validate(items)
        except RubricError as error:
            self.error = error
            raise pytest.UsageError(str(error)) from error

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
        trial = self.stage.trial
        if trial is not None and call.excinfo is not None:
            if trial.error is None:
                trial.error = call.excinfo.value
            trial.torn_down_badly = trial.torn_down_badly or call.when == "teardown"
        if not self.quiet:
            return None
        outcome: Any = "passed" if call.excinfo is None else "failed"
        when: Any = call.when
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, when, duration=call.duration)

    def judge(self, item: pytest.Item, case: Case) -> tuple[CheckMark, list[pytest.TestReport]]:
        """The mark of an item's check for a case, and pytest's reports of the runs behind it."""
        spec = item.stash[SPEC]
        reports: list[pytest.TestReport] = []
        if isinstance(item, KindItem):
            verdict = case.judge(item.question, item.check)
        else:
            try:
                verdict = self._judge_definitions(item, case, spec, reports)
            except EvidenceError as error:
                verdict = case.fault(error, spec.id)
        try:
            verdict = unless_blank(case, spec, verdict)
        except EvidenceError as error:
            verdict = case.fault(error, spec.id)
        return case.record(spec, verdict), reports

    def _judge_definitions(
        self, item: pytest.Item, case: Case, spec: CheckSpec, reports: list[pytest.TestReport]
    ) -> Verdict:
        attempts = []
        for definition in definitions_to_judge(case, spec):
            endings = looked_at(case, spec, definition)
            verdict = closed_gate(case, spec, endings)
            if verdict is None:
                verdict = self._run(item, case, spec, views(endings), reports)
            attempts.append(Attempt(definition, verdict))
        return counting(case, spec, attempts)

    def _run(
        self,
        item: pytest.Item,
        case: Case,
        spec: CheckSpec,
        found: dict[str, ProbeView],
        reports: list[pytest.TestReport],
    ) -> Verdict:
        """One run of a test; what it raised decides, and a test that decided nothing is a fault."""
        evidence = tuple(need.probe.id for need in spec.needs)
        trial = Trial(case=case, recorder=CheckRecorder(spec.marks, evidence), views=found)
        self.stage.trial = trial
        try:
            if item.stash[DIRECT]:
                call(item, trial)
            else:
                # No next item: fixtures of every scope end here, so that none carries one submission into another.
                reports.extend(runtestprotocol(item, log=False, nextitem=None))
        finally:
            self.stage.trial = None
        verdict = _outcome_of(trial, spec)
        # Views know each other, and a traceback knows the trial: cut, all evidence goes without a search for garbage.
        found.clear()
        trial.error = None
        return _with_flags(verdict, trial.recorder.flags)

    def _validate(self, items: list[pytest.Item]) -> None:
        """Give every item its check, put them in order, and see that the marks add up.

        In the instructor's view the same check appears once for each submission, and perhaps not all files are given.
        """
        rubric = self.coursework.rubric
        for item in items:
            item.stash[SPEC] = spec_of(item, self.coursework)
            item.stash[DIRECT] = self.quiet and can_be_called(item)
        position = {question.id: index for index, question in enumerate(rubric.questions)}
        items.sort(key=lambda item: (position[item.stash[SPEC].question.id], item.stash[SPEC].kind is None))
        checks = [item.stash[SPEC] for item in items if self.keys is None or key_of(item) == self.keys[0]]
        validate_ids(checks)
        wanted = {rubric.folder / "rubric.yaml", *rubric.folder.glob("test_*.py")}
        if self.keys is None or wanted <= {item.path for item in items} | {rubric.folder / "rubric.yaml"}:
            validate_sums(checks, rubric)


def key_of(item: pytest.Item) -> str | None:
    """The submission for which an item is repeated in the instructor's view."""
    if isinstance(item, KindItem):
        return item.key
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get("grader_case")


def _outcome_of(trial: Trial, spec: CheckSpec) -> Verdict:
    """The verdict of a test that has run."""
    error, recorder = trial.error, trial.recorder
    if isinstance(error, AssertionError) and not trial.torn_down_badly and recorder.fault is None:
        return recorder.unmet(error)
    if error is not None or recorder.fault is not None:
        return trial.case.fault(recorder.fault or error or AssertionError(), spec.id)
    if recorder.verdict is None:
        nothing = CheckFaultError("check-awarded-nothing", "the test ended without awarding anything")
        return trial.case.fault(nothing, spec.id)
    return recorder.verdict


def _with_flags(verdict: Verdict, flags: list[str]) -> Verdict:
    return replace(verdict, flags=(*verdict.flags, *flags)) if flags else verdict
