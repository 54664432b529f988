"""Files of a kernel's are read as if an enemy had written them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.execute import readback
from grader.execute.readback import AbsentError, Readback, RefusedError

LIMIT = 1000


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    inside = tmp_path / "evidence"
    inside.mkdir()
    (tmp_path / "outside").write_bytes(b"secret")
    descriptor = os.open(inside, os.O_PATH | os.O_DIRECTORY)
    yield inside, descriptor
    os.close(descriptor)


def test_a_regular_file_is_read_whole(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    (path / "good").write_bytes(b"x" * 1000)

    assert Readback(descriptor, LIMIT).read("good", LIMIT) == b"x" * 1000


def test_a_file_that_was_moved_away_is_not_there(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    (path / "good").write_bytes(b"x")
    files = Readback(descriptor, LIMIT)
    (path / "good").rename(path.parent / "good")
    path.rmdir()

    with pytest.raises(AbsentError):
        files.read("good", LIMIT)


def refuse(name: str, descriptor: int, limit: int = LIMIT) -> str:
    with pytest.raises(RefusedError) as caught:
        Readback(descriptor, LIMIT).read(name, limit)
    return str(caught.value)


def test_a_symbolic_link_is_not_followed(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    (path / "link").symlink_to(path.parent / "outside")

    assert "cannot be opened" in refuse("link", descriptor)


def test_a_fifo_is_refused_without_waiting_for_its_writer(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    os.mkfifo(path / "fifo")

    assert "not a regular file" in refuse("fifo", descriptor)


def test_a_folder_is_refused(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    (path / "sub").mkdir()

    assert "not a regular file" in refuse("sub", descriptor)


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "sub/file", "x" * 300])
def test_only_plain_names_are_opened(name: str, folder: tuple[Path, int]) -> None:
    assert "not a plain name" in refuse(name, folder[1])


def test_the_parent_folder_is_out_of_reach(folder: tuple[Path, int]) -> None:
    assert "cannot be opened" in refuse("..", folder[1])


def test_a_file_that_is_missing_is_refused(folder: tuple[Path, int]) -> None:
    assert "cannot be opened" in refuse("nothing", folder[1])


def test_a_sparse_giant_is_refused_before_it_is_read(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    with (path / "giant").open("wb") as file:
        file.truncate(2**40)

    assert f"has {2**40} bytes" in refuse("giant", descriptor)


def test_what_was_read_counts_against_what_may_still_be_read(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    (path / "a").write_bytes(b"x" * 600)
    files = Readback(descriptor, LIMIT)
    files.read("a", LIMIT)

    with pytest.raises(RefusedError, match="400 are left"):
        files.read("a", LIMIT)


def test_sizes_are_told_of_regular_files_only(folder: tuple[Path, int]) -> None:
    path, descriptor = folder
    (path / "a").write_bytes(b"123")
    (path / "link").symlink_to("a")
    files = Readback(descriptor, LIMIT)

    assert (files.size("a"), files.size("link"), files.size("nothing")) == (3, None, None)


def test_a_file_that_cannot_be_read_is_refused(folder: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    path, descriptor = folder
    (path / "a").write_bytes(b"123")

    def fails(*_: object) -> None:
        raise OSError(5, "input/output error")

    monkeypatch.setattr(readback, "_up_to", fails)

    assert "cannot be read" in refuse("a", descriptor)


def test_a_file_that_grows_meanwhile_is_refused(folder: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    path, descriptor = folder
    (path / "a").write_bytes(b"123")
    real = os.fstat

    def before_it_grew(number: int) -> os.stat_result:
        status = real(number)
        (path / "a").write_bytes(b"12345")
        return status

    monkeypatch.setattr(readback.os, "fstat", before_it_grew)

    assert "changed" in refuse("a", descriptor)


def test_elsewhere_than_on_linux_nothing_is_read(folder: tuple[Path, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readback.sys, "platform", "darwin")

    assert "only read on Linux" in refuse("a", folder[1])
