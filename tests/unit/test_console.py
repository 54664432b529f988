"""What the terminal shows: three-part errors, plain lines away from a terminal, no control characters."""

from __future__ import annotations

import json

import pytest

from grader.console import BatchProgress, printable, show_error
from grader.errors import RubricError
from grader.records import Reason, Submission

ERROR = RubricError("rubric-missing", "there is no rubric", where="here", next_step="look there")


def hand_in(name: str = "s001.zip") -> Submission:
    return Submission(student="s001", name="s001", submission=name, key="s001")


def test_an_error_says_what_where_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ERROR, "text")
    assert capsys.readouterr().err == ("error[rubric-missing]: there is no rubric\n  at   here\n  next look there\n")


def test_an_error_is_one_json_object_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ERROR, "json")
    assert json.loads(capsys.readouterr().err) == {
        "error": {"code": "rubric-missing", "what": "there is no rubric", "where": "here", "next": "look there"}
    }


def test_an_error_without_place_or_advice_is_one_line() -> None:
    assert str(RubricError("a", "b")) == "error[a]: b"


@pytest.mark.parametrize(("raw", "shown"), [("a b.zip", "a b.zip"), ("a\x1b[31m", "a\\x1b[31m"), ("é\n", "é\\x0a")])
def test_control_characters_are_shown_not_sent(raw: str, shown: str) -> None:
    assert printable(raw) == shown


def test_away_from_a_terminal_progress_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchProgress(quiet=False) as progress:
        progress.begin(20, 10)
        for _ in range(10):
            progress.finished(hand_in(), None)
    lines = capsys.readouterr().err.strip().split("\n")
    assert lines[0] == "running 10 of 20, 10 have their evidence already"
    assert lines[1:] == ["ran 12/20", "ran 14/20", "ran 16/20", "ran 18/20", "ran 20/20"]


def test_a_batch_with_nothing_to_run_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchProgress(quiet=False) as progress:
        progress.begin(3, 3)
    assert capsys.readouterr().err == "nothing to run: the evidence of all 3 is there\n"


@pytest.mark.parametrize("quiet", [False, True])
def test_a_note_is_a_line_with_control_characters_shown(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with BatchProgress(quiet=quiet) as progress:
        progress.note('".a\x1b[31m.ipynb" passed over')
    assert capsys.readouterr().err == 'note: ".a\\x1b[31m.ipynb" passed over\n'


def test_a_fault_names_the_file_with_its_control_characters_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchProgress(quiet=False) as progress:
        progress.begin(1, 0)
        progress.finished(hand_in("[red]a\x1b.zip"), Reason(code="kernel-start", what="no kernel came up"))
    assert "could not run [red]a\\x1b.zip: no kernel came up (kernel-start)" in capsys.readouterr().err


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchProgress(quiet=True) as progress:
        progress.stage("scoring")
        progress.begin(1, 0)
        progress.finished(hand_in(), None)
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""
