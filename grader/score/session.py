"""Scoring a chunk of submissions in this process: one pytest session, its checks repeated for every submission."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from grader.errors import CheckFaultError, EvidenceError
from grader.evidence import Evidence
from grader.score import fixtures
from grader.score.case import FAULT_FLAG, NEEDS_EVIDENCE, Case, Coursework
from grader.score.judging import JudgingPlugin
from grader.score.source_scan import scan
from grader.score.worker_records import ScoredLine, ScoreItem

_UNUSED = (
    "cacheprovider capture debugging doctest faulthandler junitxml logging pastebin setuponly setupplan skipping "
    "stepwise terminal terminalprogress threadexception unittest unraisableexception warnings"
)
"""Plugins of pytest that a scoring session has no use for; each would cost time for every check."""

MARKERS = (
    'question(id, marks, name): the test is a check of that question; its id is "<question>/<name>"',
    "probe(*ids, statuses): evidence that the test needs; it runs if the probe ended in one of the statuses",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the caller does around each submission."""

    before: Callable[[ScoreItem], None]
    """Called before any evidence is read."""
    done: Callable[[ScoredLine], None]


Scorer = Callable[[ScoreItem], ScoredLine]
"""Scores one submission in a session that is open."""


class ChunkPlugin(JudgingPlugin):
    """Puts its own loop over submissions in place of pytest's loop over tests."""

    def __init__(self, coursework: Coursework, *, seed: str, work: Callable[[Scorer], None]) -> None:
        super().__init__(coursework, keys=None, quiet=True)
        self._seed = seed
        self._work = work
        self._checks: list[pytest.Item] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._checks = session.items
        self._work(self.score)
        return True

    def score(self, wanted: ScoreItem) -> ScoredLine:
        """All checks on one submission."""
        case = Case(key=wanted.key, evidence=Evidence(wanted.folder), coursework=self.coursework)
        notes = prepare(case, self._seed)
        for check in self._checks:
            self.judge(check, case)
        return ScoredLine(
            key=case.key,
            questions=case.questions(),
            flags=tuple(dict.fromkeys(case.flags)),
            notes=notes,
            faults="\n".join(case.faults),
            nearest=nearest_of(case),
            missing=tuple(sorted(case.evidence.missing)),
        )


def score_chunk(coursework: Coursework, items: Iterable[ScoreItem], *, seed: str, hooks: Hooks) -> None:
    """Score submissions one after the other, handing over each as it is done.

    Args:
        coursework: the rubric and all that belongs to it.
        items: the submissions.
        seed: the run's seed; evidence taken with another one is not believed.
        hooks: what to do around each.

    Raises:
        RubricError: if a test file cannot be loaded, a marker is wrong, or marks do not add up.
        CheckFaultError: if pytest itself did not come through.
    """

    def work(score: Scorer) -> None:
        for item in items:
            hooks.before(item)
            hooks.done(score(item))

    open_session(coursework, seed=seed, work=work)


def open_session(coursework: Coursework, *, seed: str, work: Callable[[Scorer], None]) -> None:
    """Collect the checks of a rubric and call `work` with what scores a submission by them.

    Raises:
        RubricError: if a test file cannot be loaded, a marker is wrong, or marks do not add up.
        CheckFaultError: if pytest itself did not come through.
    """
    folder = coursework.rubric.folder
    plugin = ChunkPlugin(coursework, seed=seed, work=work)
    arguments = [str(folder / "rubric.yaml"), *(str(path) for path in sorted(folder.glob("test_*.py")))]
    arguments += ["--rootdir", str(folder), "-c", os.devnull, "--import-mode=importlib", "--assert=plain"]
    arguments += ["--disable-plugin-autoload", "--strict-markers"]
    for name in _UNUSED.split():
        arguments += ["-p", f"no:{name}"]
    status = pytest.main(arguments, plugins=[plugin, fixtures, _Markers()])
    if plugin.error is not None:
        raise plugin.error
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED, pytest.ExitCode.TESTS_FAILED):
        raise CheckFaultError("scoring-session-failed", f"pytest ended with {status!r}", where=folder.name)


class _Markers:
    def pytest_configure(self, config: pytest.Config) -> None:
        for line in MARKERS:
            config.addinivalue_line("markers", line)


def prepare(case: Case, seed: str | None) -> tuple[str, ...]:
    """Look at what belongs to no check: seeds, forbidden names, notes. Flags go to the case, sentences are returned."""
    notes: list[str] = []
    try:
        notebook = case.evidence.notebook
        notes.extend(notebook.notes)
        for finding in scan(case.evidence, case.coursework.rubric.forbids, case.coursework.template):
            case.flags.append(finding.flag)
            notes.append(finding.note)
    except EvidenceError as error:
        case.fault(error, "the notebook")
    for name in ("student", "stand-ins", "training"):
        if case.evidence.has(name):
            try:
                notes.extend(_about_part(case, name, seed))
            except EvidenceError as error:
                case.fault(error, f"the part {name}")
                case.flags.append(FAULT_FLAG)
    return tuple(dict.fromkeys(notes))


def _about_part(case: Case, name: str, seed: str | None) -> list[str]:
    """What a part says about how the notebook was run; evidence of another seed is flagged."""
    record = case.evidence.part(name).outline
    if seed is not None and record.seed != seed:
        case.flags.append(NEEDS_EVIDENCE)
    if any(run.seed != f"{record.seed}/{run.probe}" for run in record.probes if run.status == "done"):
        case.flags.append("tampering:seed")
    notes = [*record.limits_met, *record.notes]
    if name == "student":
        notes += [note for cell in record.cells for note in cell.notes]
    return notes


def nearest_of(case: Case) -> dict[str, tuple[tuple[str, float], ...]]:
    """Known formulas by distance, for each name on which an oracle gave a verdict."""
    found: dict[str, tuple[tuple[str, float], ...]] = {}
    for key, value in case.memo.items():
        nearest: Any = getattr(value, "nearest", None)
        if nearest:
            _, target, definition = (*key.split(":"), "0")[:3]
            name = target if definition == "0" else f"{target} definition {int(definition) + 1}"
            found[name] = tuple((str(formula), float(distance)) for formula, distance in nearest)
    return found
