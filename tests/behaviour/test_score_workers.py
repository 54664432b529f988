"""Scoring in disposable workers: one bad submission harms no other, and marks do not depend on how work is cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import psutil
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

from grader.coursework import student_version
from grader.errors import CheckFaultError, RubricError
from grader.records import Outcome
from grader.rubric import load_rubric
from grader.score import ScoredSubmission, ScoreItem, Workers, launcher, score_evidence, workers
from grader.score import nursery as nursery_module
from grader.score.nursery import GONE, Nursery
from grader.score.worker_lines import read_lines
from grader.score.worker_records import BatchRequest, NurserySpec
from grader.shared_marks import SharedMarks

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


SCORE_ONE = """
import sys, threading
from pathlib import Path
from grader.rubric import load_rubric
from grader.score import ScoreItem, score_evidence
rubric, folder, seed, threads = sys.argv[1:]
stop = threading.Event()
for _ in range(int(threads) - 1):
    threading.Thread(target=stop.wait).start()
found = score_evidence([ScoreItem(key="s001", folder=Path(folder))], load_rubric(Path(rubric)), seed=seed)
print(found["s001"].questions[0].checks[0].reason)
stop.set()
"""
"""Scores one submission in a process of its own, with so many threads."""

CAN_FORK = pytest.mark.skipif(not workers.can_fork(), reason="this system has no safe fork")
FORKED = pytest.param("forked", marks=CAN_FORK)
FROM_A_FRESH_PARENT = pytest.param("from a fresh parent", marks=CAN_FORK)


@pytest.fixture(params=[FORKED, FROM_A_FRESH_PARENT, "started afresh"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ways in which a worker comes to be; elsewhere than on Linux there is only one."""
    if request.param == "from a fresh parent":
        monkeypatch.setattr(nursery_module, "is_single_threaded", lambda: False)
    if request.param == "started afresh":
        monkeypatch.setattr(workers, "can_fork", lambda: False)
    return str(request.param)


@pytest.mark.parametrize(
    ("harm", "keys"),
    [
        pytest.param("while True: pass", ["s001", "bad"], id="loops for ever"),
        pytest.param("import os; os._exit(7)", ["s001", "bad", "s002", "s003"], id="exits"),
        pytest.param("import time; time.sleep(1000)", ["s001", "bad"], id="sleeps"),
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


def test_a_worker_that_started_afresh_and_exits_loses_one_submission_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "can_fork", lambda: False)
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="import os; os._exit(7)"))
    items = submissions(tmp_path / "evidence", "bad", "s001")

    found = outcomes(score_evidence(items, load_rubric(folder), seed=SEED, workers=1))

    assert found == {"bad": [Outcome.FAULT], "s001": [Outcome.PARTIAL]}


def test_a_judge_that_eats_memory_meets_the_limit(tmp_path: Path) -> None:
    harm = "torch.zeros(10**9)"
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm=harm), extra=MARKERS + PROBES + LIMITS)
    items = submissions(tmp_path / "evidence", "bad", "s001")

    found = outcomes(score_evidence(items, load_rubric(folder), seed=SEED, workers=1))

    assert found == {"bad": [Outcome.FAULT], "s001": [Outcome.PARTIAL]}


@pytest.mark.usefixtures("way")
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


@pytest.mark.usefixtures("way")
def test_a_rubric_that_cannot_be_used_is_reported_and_not_blamed_on_anybody(tmp_path: Path) -> None:
    folder = write_rubric(tmp_path / "rubric", tests="1 / 0\n")

    with pytest.raises(RubricError) as caught:
        score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)

    assert caught.value.code == "rubric-test-broken"
    assert "ZeroDivisionError" in caught.value.what


@pytest.mark.parametrize("way", [FROM_A_FRESH_PARENT, "started afresh"], indirect=True)
@pytest.mark.usefixtures("way")
def test_a_worker_that_cannot_start_is_our_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(CheckFaultError) as caught:
        score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)

    assert caught.value.code == "scoring-worker-failed"


@CAN_FORK
def test_workers_start_afresh_where_their_parent_was_killed_before_it_was_ready(tmp_path: Path) -> None:
    rubric = load_rubric(write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass")))

    with Workers(rubric, seed=SEED, count=1) as kept:
        kept.start()
        (child,) = psutil.Process().children()
        child.kill()
        scored = kept.score(submissions(tmp_path / "evidence", "s001"))

    assert outcomes(scored) == {"s001": [Outcome.PARTIAL]}


@CAN_FORK
def test_the_parent_is_a_fork_of_a_process_with_one_thread_and_of_no_other(tmp_path: Path) -> None:
    line = "Path(f'/proc/{os.getppid()}/cmdline').read_text()"
    tests = TESTS.format(harm="pass").replace("check.award(1)", f"check.award(1, reason={line})")
    rubric = write_rubric(tmp_path / "rubric", tests="import os\nfrom pathlib import Path\n" + tests)
    (item,) = submissions(tmp_path / "evidence", "s001")

    def parent_of_worker(threads: int) -> str:
        arguments = [str(rubric), str(item.folder), SEED, str(threads)]
        variables = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # as in the command
        scored = subprocess.run(
            [sys.executable, "-c", SCORE_ONE, *arguments], env=variables, check=True, capture_output=True
        )
        return scored.stdout.decode()

    assert "nursery_main" not in parent_of_worker(1)
    assert "nursery_main" in parent_of_worker(2)


def test_a_worker_that_overruns_everything_is_stopped_by_its_launcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    late = subprocess.TimeoutExpired(cmd="worker", timeout=1)

    def never_ends(*args: object, **kwargs: object) -> None:
        raise late

    monkeypatch.setattr(workers, "can_fork", lambda: False)
    monkeypatch.setattr(launcher.subprocess, "run", never_ends)

    with pytest.raises(CheckFaultError, match="did not start: stopped after"):
        score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)


def forked(folder: Path, scratch: Path) -> Nursery:
    """A nursery for a rubric."""
    rubric = load_rubric(folder)
    spec = NurserySpec(rubric=rubric, seed=SEED, template=student_version(rubric).notebook)
    return Nursery(spec, scratch, launcher.worker_environment(), start_s=120)


def asked(folder: Path, *keys: str) -> Callable[[int], BatchRequest]:
    """A request for some submissions."""
    items = tuple(submissions(folder / "evidence", *keys))
    return lambda number: BatchRequest(
        number=number,
        items=items,
        output=folder / f"{number}.jsonl",
        log=folder / f"{number}.log",
        cpu_s=100,
        memory_bytes=300_000_000,
    )


@CAN_FORK
def test_a_forked_worker_past_its_deadline_is_ended_and_its_parent_goes_on(tmp_path: Path) -> None:
    harm = "import time; time.sleep(1000)"
    nursery = forked(write_rubric(tmp_path / "rubric", tests=TESTS.format(harm=harm)), tmp_path / "scratch")
    try:
        late = nursery.run(asked(tmp_path, "bad"), deadline_s=1)
        fine = nursery.run(asked(tmp_path, "s001"), deadline_s=120)
    finally:
        nursery.close()

    assert (late, fine) == ("stopped after 1 s", "exit status 0")
    assert nursery.run(asked(tmp_path, "s001"), deadline_s=1) == GONE


@CAN_FORK
def test_the_end_of_the_parent_ends_its_workers_and_is_told_to_those_who_wait(tmp_path: Path) -> None:
    harm = "import os, time; (evidence.folder / 'pid').write_text(str(os.getpid())); time.sleep(60)"
    nursery = forked(write_rubric(tmp_path / "rubric", tests=TESTS.format(harm=harm)), tmp_path / "scratch")
    ending: list[str] = []
    waiting = threading.Thread(target=lambda: ending.append(nursery.run(asked(tmp_path, "bad"), deadline_s=120)))
    waiting.start()
    pid = tmp_path / "evidence" / "bad" / "pid"
    while not (pid.exists() and pid.read_text()):
        waiting.join(0.05)
        assert waiting.is_alive()

    nursery.close()
    waiting.join()

    assert ending == [GONE]
    assert not Path(f"/proc/{pid.read_text()}/cmdline").exists()


@CAN_FORK
def test_a_parent_with_threads_does_not_fork_and_workers_start_afresh(tmp_path: Path) -> None:
    tests = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n\n"
    folder = write_rubric(tmp_path / "rubric", tests=tests + TESTS.format(harm="pass"))
    nursery = forked(folder, tmp_path / "scratch")
    nursery.close()

    scored = score_evidence(submissions(tmp_path / "evidence", "s001"), load_rubric(folder), seed=SEED)

    assert not nursery.forks
    assert outcomes(scored) == {"s001": [Outcome.PARTIAL]}


@CAN_FORK
def test_rounds_share_one_parent_of_workers_and_nothing_is_left_running(tmp_path: Path) -> None:
    tests = TESTS.format(harm="pass").replace("check.award(1)", "check.award(1, reason=str(os.getppid()))")
    rubric = load_rubric(write_rubric(tmp_path / "rubric", tests="import os\n" + tests))
    first, second = submissions(tmp_path / "evidence", "s001", "s002")

    with Workers(rubric, seed=SEED, count=1) as kept:
        parents = [kept.score([item])[item.key].questions[0].checks[0].reason for item in (first, second)]

    assert parents[0] == parents[1]
    assert not Path(f"/proc/{parents[0]}/cmdline").exists()


@CAN_FORK
def test_workers_start_afresh_in_a_round_whose_parent_was_killed(tmp_path: Path) -> None:
    tests = TESTS.format(harm="pass").replace("check.award(1)", "check.award(1, reason=str(os.getppid()))")
    rubric = load_rubric(write_rubric(tmp_path / "rubric", tests="import os\n" + tests))
    first, second = submissions(tmp_path / "evidence", "s001", "s002")

    with Workers(rubric, seed=SEED, count=1) as kept:
        parent = int(kept.score([first])["s001"].questions[0].checks[0].reason)
        os.kill(parent, signal.SIGKILL)
        scored = kept.score([second])

    assert outcomes(scored) == {"s002": [Outcome.PARTIAL]}
    assert scored["s002"].questions[0].checks[0].reason == str(os.getpid())


def test_an_error_of_the_rubric_ends_what_was_started(tmp_path: Path) -> None:
    rubric = load_rubric(write_rubric(tmp_path / "rubric", tests="1 / 0\n"))
    before = psutil.Process().children()

    with Workers(rubric, seed=SEED, count=1) as kept, pytest.raises(RubricError):
        kept.score(submissions(tmp_path / "evidence", "s001"))

    assert psutil.Process().children() == before


def test_nothing_to_score_starts_no_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_rubric(tmp_path / "rubric", tests=TESTS.format(harm="pass"))
    monkeypatch.setattr(launcher.sys, "executable", "/bin/false")
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

    left = read_lines(output, {"s001"}, rubric, SharedMarks())

    assert (left.started, left.ended, list(left.scored)) == (True, False, ["s001"])


def test_the_limits_hold_for_what_is_read_later() -> None:
    code = (
        "import torch\nfrom grader.score.worker_limits import limit_memory\nlimit_memory(50_000_000)\n"
        "try:\n    torch.zeros(100_000_000)\nexcept (RuntimeError, MemoryError):\n    print('held')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "held\n"
