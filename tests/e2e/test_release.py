"""`grader release` on a real run: held while answers wait, packaged when that is allowed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.command_line import grader, table

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]


def test_a_run_with_open_answers_is_held_and_nothing_is_written(first_steps: Any, tmp_path: Path) -> None:
    done = grader("release", first_steps.folder, "--to", "csv", "--out", tmp_path / "out", "--format", "json")

    facts = json.loads(done.out)
    assert done.code == 1
    assert [check["name"] for check in facts["checks"] if not check["ok"]] == ["open"]
    assert facts["written"] == []
    assert not (tmp_path / "out").exists()


def test_what_is_packaged_is_what_lies_in_the_run_folder(first_steps: Any, tmp_path: Path) -> None:
    run: Path = first_steps.folder
    done = grader("release", run, "--to", "csv", "--out", tmp_path / "out", "--allow-open")

    assert done.code == 0, done.out
    assert (tmp_path / "out" / "marks.csv").read_bytes() == (run / "marks.csv").read_bytes()
    students = {row["student"] for row in table(tmp_path / "out" / "marks.csv")}
    with zipfile.ZipFile(tmp_path / "out" / "feedback.zip") as archive:
        assert {name.removesuffix(".html") for name in archive.namelist()} == students
        for name in archive.namelist():
            assert archive.read(name) == (run / "feedback" / name).read_bytes()
