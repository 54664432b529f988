"""Wrong calls get a clear error and the exit code for it; nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.command_line import ROOT, WITHOUT_NAMESPACES, grader, table

RUBRIC = ROOT / "rubrics" / "first_steps"
SAMPLES = ROOT / "submissions" / "first_steps"


def test_help_lists_every_command_with_an_example() -> None:
    top = grader("--help").out
    for name in ("grade", "execute", "score", "report", "check", "override", "explain", "release", "doctor"):
        assert name in top
        page = grader(name, "--help")
        assert page.code == 0
        assert f"Example: grader {name}" in page.out


def test_the_version_is_printed() -> None:
    assert grader("--version").out.startswith("grader 0.")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("grade", RUBRIC.parent / "frist_steps", SAMPLES, "--out", "{out}"), 2, "first_steps"),
        (("grade", RUBRIC, SAMPLES.parent / "frist_steps", "--out", "{out}"), 2, "first_steps"),
        (("grade", RUBRIC, SAMPLES), 2, "--out"),
        (("score", "{out}"), 2, "run-missing"),
        (("report", "{out}"), 2, "run-missing"),
        (("explain", "{out}", "s001", "1"), 2, "run-missing"),
        (("override", "{out}", "s001", "1/x", "many", "--why", "w"), 2, "mark-not-a-number"),
        (("execute", "{out}"), 2, "execute-needs-missing"),
        (("check", RUBRIC.parent / "nothing"), 2, "rubric-missing"),
        (("score", "{out}", "--format", "xml"), 2, "xml"),
    ],
)
def test_a_wrong_call_is_told_apart_from_a_fault(
    tmp_path: Path, words: tuple[object, ...], code: int, said: str
) -> None:
    out = tmp_path / "out"
    finished = grader(*(str(word).format(out=out) for word in words))
    assert finished.code == code, finished.err
    assert said in finished.err
    assert finished.out == ""
    assert "Traceback" not in finished.err
    assert not out.exists()


def test_an_error_is_json_where_json_was_asked_for(tmp_path: Path) -> None:
    finished = grader("score", tmp_path / "none", "--format", "json")
    assert json.loads(finished.err)["error"]["code"] == "run-missing"


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    finished = grader("grade", RUBRIC, SAMPLES, "--out", tmp_path)
    assert finished.code == 2
    assert "run-not-empty" in finished.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_without_hand_ins_is_told_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "hand-ins").mkdir()
    finished = grader("grade", RUBRIC, tmp_path / "hand-ins", "--out", tmp_path / "run")
    assert finished.code == 2
    assert "source-empty" in finished.err
    assert not (tmp_path / "run").exists()


def test_a_roster_gives_those_who_handed_in_nothing_a_row(tmp_path: Path) -> None:
    roster = tmp_path / "people.csv"
    roster.write_text("key,name\nf5-blank,Student A\nabsent,Student B\n", encoding="utf-8")
    run = tmp_path / "run"
    finished = grader("grade", RUBRIC, SAMPLES / "f5-blank.zip", "--out", run, "--roster", roster)
    assert finished.code == 0, finished.err
    assert finished.out.strip().endswith("1 graded, 0 open, 0 need review, 0 refused, 1 not submitted")
    rows = {row["student"]: row for row in table(run / "marks.csv")}
    assert (rows["absent"]["status"], rows["absent"]["name"]) == ("not-submitted", "Student B")
    assert (run / "feedback" / "absent.html").is_file()


def test_without_a_sandbox_nothing_is_executed(tmp_path: Path) -> None:
    bare = tmp_path / "bin"
    bare.mkdir()
    out = tmp_path / "run"
    finished = grader("grade", RUBRIC, SAMPLES, "--out", out, before=WITHOUT_NAMESPACES, PATH=str(bare))
    assert finished.code == 3
    assert "bubblewrap" in finished.err
    assert not list((out / "evidence").glob("*/student.json"))
