"""A peer that leaves out a hand-in does not spoil an hour's rounds, and gets no mark for it by chance."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from peers import checks
from peers.cohort import Generated
from peers.contenders import Nbgrader, Peer
from peers.meter import Command, MeasuringError

_TABLES = """
create table student (id text);
create table submitted_assignment (id text, student_id text);
create table submitted_notebook (id text, assignment_id text);
create table grade (notebook_id text, auto_score real);
"""


class Forgetful(Peer):
    """Has marks for what it was asked for again, and for what it did not leave out."""

    name = "forgetful"

    def build(self, solution: bytes) -> None: ...

    def take(self, key: str, notebook: bytes) -> None: ...

    def commands(self, members: Sequence[Generated]) -> list[Command]:
        return []

    def marks(self) -> dict[str, float]:
        return {path.name: checks.full_marks() for path in self.folder.iterdir()}

    def grade_again(self, key: str) -> None:
        (self.folder / key).touch()


class Unable(Forgetful):
    """Like one of which nothing is known why it should leave out anything."""

    grade_again = Peer.grade_again


def handed_in(folder: Path, *keys: str) -> Path:
    for key in keys:
        (folder / key).touch()
    return folder


def test_what_a_peer_left_out_is_graded_afterwards_and_told(tmp_path: Path) -> None:
    peer = Forgetful(tmp_path, handed_in(tmp_path, "a1", "b1"))
    assert peer.lost_by_all(["a1", "a2", "b1"]) == ({"a1": 0, "a2": 0, "b1": 0}, ["a2"])


def test_nothing_is_graded_again_where_nothing_is_left_out(tmp_path: Path) -> None:
    peer = Unable(tmp_path, handed_in(tmp_path, "a1", "b1"))
    assert peer.lost_by_all(["a1", "b1"]) == ({"a1": 0, "b1": 0}, [])


def test_a_peer_that_leaves_out_many_is_not_measured(tmp_path: Path) -> None:
    peer = Forgetful(tmp_path, handed_in(tmp_path, "a1"))
    with pytest.raises(MeasuringError, match=r"forgetful has no marks for a2, a3, a4: 3 in all"):
        peer.lost_by_all(["a1", "a2", "a3", "a4"])
    assert [path.name for path in tmp_path.iterdir()] == ["a1"]


def test_a_peer_that_should_leave_out_none_is_not_measured(tmp_path: Path) -> None:
    peer = Unable(tmp_path, handed_in(tmp_path, "a1"))
    with pytest.raises(MeasuringError, match="forgetful has no marks for a2"):
        peer.lost_by_all(["a1", "a2"])


def test_what_nbgrader_removed_as_failed_has_no_mark_from_an_earlier_round(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gradebook.db") as database:
        database.executescript(_TABLES)
        for key in ("a1", "b1"):
            database.execute("insert into student values (?)", (key,))
            database.execute("insert into submitted_assignment values (?, ?)", (f"of-{key}", key))
            database.execute("insert into submitted_notebook values (?, ?)", (f"in-{key}", f"of-{key}"))
            database.execute("insert into grade values (?, 3.0)", (f"in-{key}",))
    database.close()
    (tmp_path / "autograded" / "a1" / "rnn").mkdir(parents=True)
    (tmp_path / "autograded" / "b1").mkdir()  # nbgrader keeps the folder of the student
    assert Nbgrader(tmp_path, tmp_path).marks() == {"a1": 3.0}
