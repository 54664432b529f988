"""Scoring in disposable workers: one bad submission harms no other, and marks do not depend on how work is cut."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import torch
from helpers.evidence_files import (
    MARKERS,
    PROBES,
    SEED,
    run_with,
    score_here,
    write_evidence,
    write_rubric,
)

from grader.errors import CheckFaultError, RubricError
from grader.records import Outcome
from grader.rubric import load_rubric
from grader.score import ScoredSubmission, ScoreItem, score_evidence, workers

LIMITS = "execution: {limits: {scoring_cpu_s: 1, scoring_memory_bytes: 300000000}}\n"
TESTS = (
    '@pytest.mark.question("1", marks=2, name="scale")\n@pytest.mark.probe("made")\n'
    "def test_scale(check, probe, evidence):\n"
    "    if evidence.folder.name == 'bad':\n"
    "        {harm}\n"
    "    check.award(1)\n"
)


def submissions(folder: Path, *keys: str) -> list[ScoreItem]:
    """Evidence folders that differ in nothing but their names."""
    run, tensors = run_with(torch.ones(3))
    return [ScoreItem(key=key, folder=write_evidence(folder / key, runs=[run], tensors=tensors)) for key in keys]


def outcomes(scored: dict[str, ScoredSubmission]) -> dict[str, list[Outcome]]:
    return {
        key: [check.outcome for question in one.questions for check in question.checks] for key, one in scored.items()
    }


@pytest.mark.parametrize(
    ("harm", "keys"),
    [
        pytest.param("while True: pass", ["s001", "bad"], id="loops for ever"),
        pytest.param("import os; os._exit(7)", ["s001", "bad", "s002", "s003"], id="exits"),
    ],
)
def test_a_judge_that_kills_its_worker_loses_one_submission_only(tmp_path: Path, harm: str, keys: list[str]) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm=harm), extra=MARKERS + PROBES + LIMITS)
    items = submissions(tmp_path / "evidence", *keys)

    scored = score_evidence(items, load_rubric(folder), seed=SEED, workers=1, log_dir=tmp_path / "logs")

    found = outcomes(scored)
    assert list(found) == keys
    assert found.pop("bad") == [Outcome.FAULT]
    assert scored["bad"].flags == ("scoring-fault",)
    assert scored["bad"].questions[0].mark is None
    assert all(outcome == [Outcome.PARTIAL] for outcome in found.values())
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["scoring-bad.log"]


def test_a_judge_that_eats_memory_meets_the_limit(tmp_path: Path) -> None:
    harm = "torch.zeros(10**9)"
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm=harm), extra=MARKERS + PROBES + LIMITS)
    items = submissions(tmp_path / "evidence", "bad", "s001")

    found = outcomes(score_evidence(items, load_rubric(folder), seed=SEED, workers=1))

    assert found == {"bad": [Outcome.FAULT], "s001": [Outcome.PARTIAL]}


def test_workers_agree_with_one_process_and_write_nothing_into_the_rubric(tmp_path: Path) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    items = submissions(tmp_path / "evidence", "s001", "s002")
    before = sorted(folder.rglob("*"))

    scored = score_evidence(items, load_rubric(folder), seed=SEED, workers=2)
    after = sorted(folder.rglob("*"))
    here = score_here(folder, *(item.folder for item in items))

    assert {key: one.questions for key, one in scored.items()} == {key: one.questions for key, one in here.items()}
    assert scored["s001"].questions[0].mark == Decimal("1.00")
    assert after == before


def test_a_rubric_that_cannot_be_used_is_reported_and_not_blamed_on_anybody(tmp_path: Path) -> None:
    folder = write_rubric(tmp_path / "rubric", tests="1 / 0\n")

    with pytest.raises(RubricError) as caught:
        score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)

    assert caught.value.code == "rubric-test-broken"
    assert "ZeroDivisionError" in caught.value.what


def test_a_worker_that_cannot_start_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    monkeypatch.setattr(workers.sys, "executable", "/bin/false")

    with pytest.raises(CheckFaultError) as caught:
        score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)

    assert caught.value.code == "scoring-worker-failed"


def test_a_worker_that_sleeps_is_stopped_by_its_launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    late = subprocess.TimeoutExpired(cmd="worker", timeout=1)

    def never_ends(*args: object, **kwargs: object) -> None:
        raise late

    monkeypatch.setattr(workers.subprocess, "run", never_ends)

    with pytest.raises(CheckFaultError, match="did not start: stopped after"):
        score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)


def test_nothing_to_score_starts_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    monkeypatch.setattr(workers.sys, "executable", "/bin/false")
    assert score_evidence([], load_rubric(folder), seed=SEED) == {}


def test_lines_that_are_not_a_workers_are_not_believed(tmp_path: Path) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    rubric = load_rubric(folder)
    (line,) = score_here(folder, submissions(tmp_path / "evidence", "s001")[0].folder).values()
    other = line.model_copy(update={"key": "s999"}).model_dump_json()
    output = tmp_path / "lines.jsonl"
    output.write_text(
        f'{{"line":"started"}}\n{other}\n{line.model_dump_json()}\n{{"line": "sco\n{other}\n', encoding="utf-8"
    )

    left = workers._read_lines(output, {"s001"}, rubric)

    assert (left.started, left.ended, list(left.scored)) == (True, False, ["s001"])


def test_the_limits_hold_for_what_is_read_later() -> None:
    code = (
        "import torch\nfrom grader.score.worker_main import limit_memory\nlimit_memory(50_000_000)\n"
        "try:\n    torch.zeros(100_000_000)\nexcept (RuntimeError, MemoryError):\n    print('held')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "held\n"
