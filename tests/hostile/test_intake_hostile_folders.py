"""Folders on disk are read without following links, waiting for pipes or descending for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.notebooks import notebook_bytes

from grader.errors import ArchiveError
from grader.intake import Expectation, folder_reader, take_in
from grader.intake.folder_reader import read_file
from grader.limits import IntakeLimits
from grader.records import Submission

WORK = notebook_bytes([("code", "class Net:\n    pass")])
SECRET = notebook_bytes([("code", "secret = 1")])


def rows(source: Path, limits: IntakeLimits | None = None) -> list[Submission]:
    return list(take_in(source, limits=limits or IntakeLimits(), expectation=Expectation()))


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.ipynb").write_bytes(SECRET)
    (tmp_path / "batch" / "s01").mkdir(parents=True)
    return tmp_path / "batch"


@pytest.mark.parametrize("target", ["outside/secret.ipynb", "outside", "nowhere"])
def test_a_link_among_the_hand_ins_is_refused_and_not_followed(target: str, batch: Path) -> None:
    (batch / "s01" / "w.ipynb").write_bytes(WORK)
    (batch / "link.ipynb").symlink_to(batch.parent / target)

    found = {row.key: row for row in rows(batch)}

    assert found["s01"].notebook is not None
    assert found["link"].refused is not None
    assert found["link"].refused.code == "folder-link"


@pytest.mark.parametrize("target", ["outside/secret.ipynb", "outside", "batch"])
def test_a_link_inside_a_hand_in_is_left_out(target: str, batch: Path) -> None:
    (batch / "s01" / "w.ipynb").write_bytes(WORK)
    (batch / "s01" / "a.ipynb").symlink_to(batch.parent / target)

    (row,) = rows(batch)

    assert row.notebook is not None
    assert row.notebook.source_name == "w.ipynb"
    assert row.flags == ("hostile-archive",)


def test_a_hand_in_with_nothing_but_a_link_is_refused(batch: Path) -> None:
    (batch / "s01" / "w.ipynb").symlink_to(batch.parent / "outside" / "secret.ipynb")

    (row,) = rows(batch)

    assert row.refused is not None
    assert row.refused.code == "folder-link"


def test_a_pipe_is_not_waited_for(batch: Path) -> None:
    os.mkfifo(batch / "s01" / "w.ipynb")
    os.mkfifo(batch / "s02.ipynb")

    assert [row.refused.code for row in rows(batch) if row.refused] == ["folder-special-file"] * 2


def test_a_file_that_became_a_pipe_or_a_link_after_it_was_listed_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")

    for name, code in (("pipe", "folder-special-file"), ("link", "file-unreadable"), ("none", "file-unreadable")):
        with pytest.raises(ArchiveError) as caught:
            read_file(tmp_path / name, limit_bytes=10, where=name)
        assert caught.value.code == code


def test_a_file_beyond_the_limit_is_refused(batch: Path) -> None:
    (batch / "s01" / "w.ipynb").write_bytes(WORK)

    (row,) = rows(batch, IntakeLimits(archive_bytes=10))

    assert row.refused is not None
    assert row.refused.code == "file-too-large"


def test_folders_in_folders_end_at_a_depth(batch: Path) -> None:
    deep = batch / "s01" / "/".join(["d"] * 40)
    deep.mkdir(parents=True)
    (deep / "w.ipynb").write_bytes(WORK)

    (row,) = rows(batch)

    assert row.refused is not None
    assert row.refused.code == "folder-too-deep"


def test_a_folder_with_too_many_files_is_refused(batch: Path) -> None:
    for number in range(20):
        (batch / "s01" / f"{number}.csv").touch()

    (row,) = rows(batch, IntakeLimits(members=10))

    assert row.refused is not None
    assert row.refused.code == "archive-too-many-members"


def test_data_beside_the_notebook_never_uses_up_what_may_be_read(batch: Path) -> None:
    (batch / "s01" / "a.csv").write_bytes(bytes(5_000))
    (batch / "s01" / "w.ipynb").write_bytes(WORK)

    (row,) = rows(batch, IntakeLimits(unpacked_bytes=2_000))

    assert row.notebook is not None
    assert row.flags == ()
    assert row.digest


def test_a_file_that_may_not_be_read_is_refused(batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    (batch / "s02.ipynb").write_bytes(WORK)
    monkeypatch.setattr(folder_reader.os, "open", refuse)

    found = {row.key: row for row in rows(batch)}

    assert found["s02"].refused is not None
    assert found["s02"].refused.code == "file-unreadable"
    assert "Permission denied" in found["s02"].refused.what


def test_a_folder_that_may_not_be_listed_is_refused(batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "s01":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(folder_reader.os, "scandir", scandir)

    (row,) = rows(batch)

    assert row.refused is not None
    assert row.refused.code == "folder-unreadable"


def test_a_single_source_that_may_not_be_read_is_refused(batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = batch / "s01.ipynb"
    source.write_bytes(WORK)
    opening = os.open

    def refuse(path: object, *more: int) -> int:
        if str(path).endswith("s01.ipynb"):
            raise PermissionError(13, "Permission denied")
        return opening(path, *more)  # type: ignore[arg-type]  # whatever the caller passed

    monkeypatch.setattr(folder_reader.os, "open", refuse)

    (row,) = rows(source)

    assert row.refused is not None
    assert row.refused.code == "file-unreadable"


def test_a_link_as_the_source_is_the_instructors_own(batch: Path) -> None:
    (batch / "s01" / "w.ipynb").write_bytes(WORK)
    (batch.parent / "link").symlink_to(batch)
    (batch.parent / "one.ipynb").symlink_to(batch / "s01" / "w.ipynb")

    assert rows(batch.parent / "link")[0].notebook is not None
    assert rows(batch.parent / "one.ipynb")[0].notebook is not None
