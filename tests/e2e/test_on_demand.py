"""Evidence that few hand-ins need is taken for those few, when scoring has found that it needs it."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest
from helpers.command_line import ROOT, grader, rows_by_submission
from helpers.stand_in_rubric import with_stand_ins

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
SAMPLE = ROOT / "submissions" / "first_steps" / "f1-right.zip"


def two_sizes_do(content: bytes) -> bytes:
    """The notebook with a network that can be made of two sizes as well."""
    changed = content.replace(b"units, outputs):", b"units, outputs=3):")
    assert changed != content
    return changed


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("on-demand")
    hand_ins = folder / "hand-ins"
    hand_ins.mkdir()
    with zipfile.ZipFile(SAMPLE) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".ipynb")]
        content = archive.read(name)
    (hand_ins / "needs.ipynb").write_bytes(content)
    (hand_ins / "none.ipynb").write_bytes(two_sizes_do(content))
    done = grader("grade", with_stand_ins(folder / "first_steps"), hand_ins, "--out", folder / "run")
    assert done.code == 0, done.err
    assert "taking evidence that scoring has asked for\nrunning 1 of 1" in done.err
    return folder / "run"


def parts(run: Path) -> set[tuple[str, str]]:
    with sqlite3.connect(run / "run.sqlite") as connection:
        return set(connection.execute("select key, part from executions").fetchall())


def made(run: Path, submission: str) -> tuple[str, float, str]:
    (found,) = [question for question in rows_by_submission(run)[submission]["questions"] if question["id"] == "made"]
    (check,) = found["checks"]
    return check["outcome"], float(check["mark"]), check["reason"]


def test_each_hand_in_is_judged_by_the_evidence_that_it_needs(run: Path) -> None:
    assert made(run, "needs.ipynb") == ("passed", 2.0, "Made with Linear")
    assert made(run, "none.ipynb") == ("partial", 1.0, "Made with Network")
    assert {(key.split("-")[0], part) for key, part in parts(run)} == {
        ("needs", "student"), ("needs", "stand-ins"), ("none", "student"),
    }  # fmt: skip


def test_the_same_call_again_runs_nothing_and_gives_the_same_marks(run: Path, tmp_path: Path) -> None:
    before = (run / "marks.json").read_bytes()

    done = grader("grade", run.parent / "first_steps", run.parent / "hand-ins", "--out", run)

    assert done.code == 0
    assert "taking evidence" not in done.err
    assert (run / "marks.json").read_bytes() == before


def test_evidence_that_is_lost_is_taken_again_when_it_is_asked_for(run: Path) -> None:
    (folder,) = [path for path in (run / "evidence").iterdir() if path.name.startswith("needs")]
    for path in folder.glob("stand-ins*"):
        path.unlink()
    with sqlite3.connect(run / "run.sqlite") as connection:
        connection.execute("delete from parts where part = 'stand-ins'")
    scored = grader("score", run)
    assert scored.code == 1
    assert "needs-evidence" in rows_by_submission(run)["needs.ipynb"]["flags"]

    taken = grader("execute", run, "--missing")

    assert (taken.code, taken.out) == (0, "1 submissions were run\n")
    assert grader("score", run).code == 0
    assert made(run, "needs.ipynb") == ("passed", 2.0, "Made with Linear")
