"""Tests without fixtures of their own are called directly; that never changes a mark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.evidence_files import SEED, only_check, run_with, write_evidence, write_rubric

from grader.records import Outcome
from grader.rubric import load_rubric
from grader.score import judging
from grader.score.case import Coursework
from grader.score.session import ChunkPlugin, open_session

HEAD = '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'
PLAIN = HEAD + "def test_scale(check, probe):\n    check.award(1)\n"
OWN = "@pytest.fixture{}\ndef own():\n    yield 1\n{}\n\n"
WITH_OWN = HEAD + "def test_scale(check, probe, own):\n    check.award(own)\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    run, tensors = run_with(torch.ones(3))
    return write_evidence(tmp_path / "s001", runs=[run], tensors=tensors)


def called_directly(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each check of a rubric's tests whether it is called directly."""
    found: list[bool] = []
    original = ChunkPlugin.pytest_runtestloop

    def looking(self: ChunkPlugin, session: Any) -> bool:
        found.extend(item.stash[judging.DIRECT] for item in session.items if type(item) is pytest.Function)
        return original(self, session)

    monkeypatch.setattr(ChunkPlugin, "pytest_runtestloop", pytest.hookimpl(tryfirst=True)(looking))
    open_session(Coursework.load(load_rubric(folder)), seed=SEED, work=lambda score: None)
    return found


@pytest.mark.parametrize(
    ("tests", "direct"),
    [
        pytest.param(PLAIN, [True], id="fixtures of the grader"),
        pytest.param(
            HEAD
            + '@pytest.mark.parametrize("mark", [1])\ndef test_scale(check, probe, mark):\n    check.award(mark)\n',
            [True],
            id="and values of its parameters",
        ),
        pytest.param(OWN.format("", "") + WITH_OWN, [False], id="a fixture of its own"),
        pytest.param(OWN.format("(autouse=True)", "") + PLAIN, [False], id="a fixture for all"),
        pytest.param("def setup_module():\n    pass\n\n\n" + PLAIN, [False], id="a set-up of the module"),
        pytest.param(HEAD + "def test_scale(check, request):\n    check.award(1)\n", [False], id="the request"),
        pytest.param(
            "@pytest.fixture\ndef probe():\n    return None\n\n\n" + PLAIN,
            [False],
            id="a fixture in the grader's place",
        ),
        pytest.param(
            "class TestScale:\n"
            + "".join(f"    {line}\n" for line in PLAIN.replace("(check", "(self, check").splitlines()),
            [False],
            id="a method",
        ),
        pytest.param(
            OWN.format("(params=[1])", "").replace("def own()", "def own(request)") + WITH_OWN,
            [False],
            id="a fixture with parameters",
        ),
    ],
)
def test_only_what_pytest_would_do_nothing_else_for_is_called_directly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tests: str, direct: list[bool]
) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=tests)
    assert called_directly(folder, monkeypatch) == direct


def test_a_folder_with_hooks_of_its_own_is_left_to_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=PLAIN)
    (folder / "conftest.py").write_text("def pytest_runtest_setup(item):\n    pass\n", encoding="utf-8")
    assert called_directly(folder, monkeypatch) == [False]


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("check.award()", Outcome.PASSED),
        ("assert False", Outcome.FAILED),
        ("raise ValueError", Outcome.FAULT),
        ("raise SystemExit(0)", Outcome.FAULT),
        ("pytest.skip('no')", Outcome.FAULT),
        ("pytest.fail('no')", Outcome.FAULT),
    ],
)
def test_both_ways_give_the_same_mark(tmp_path: Path, good: Path, body: str, outcome: Outcome) -> None:
    found = []
    for name, arguments in (("direct", "check, probe"), ("protocol", "check, probe, own")):
        tests = f"{OWN.format('', '')}{HEAD}def test_scale({arguments}):\n    {body}\n"
        found.append(only_check(write_rubric(tmp_path / name, tests=tests), good))
    assert [check.outcome for check in found] == [outcome, outcome]
    assert found[0] == found[1]


def test_a_fixture_that_cannot_be_torn_down_is_a_fault(tmp_path: Path, good: Path) -> None:
    tests = OWN.format("", "    raise ValueError") + WITH_OWN
    assert only_check(write_rubric(tmp_path / "rubric", tests=tests), good).outcome is Outcome.FAULT
