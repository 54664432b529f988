"""Folders of processes that were killed go; all others stay."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.scratch import ScratchFolder, scratch_folder

HOLDER = """
import time
from grader.scratch import ScratchFolder
folder = ScratchFolder("held")
(folder.path / "content").write_text("x")
print(folder.path, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that holds a folder with something in it."""
    variables = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True, env=variables) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert (folder / "content").exists()
        yield process, folder
        process.kill()


def test_only_this_user_can_enter_it_and_nothing_of_it_is_left(temporary: Path) -> None:
    with scratch_folder("test") as folder:
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "deep").mkdir()
        (folder / "deep" / "content").write_text("x")

    assert list(temporary.iterdir()) == []


def test_it_is_removed_after_an_error(temporary: Path) -> None:
    with pytest.raises(ValueError, match="ours"), scratch_folder("test"):
        raise ValueError("ours")

    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_living_process_stays(holder: tuple[subprocess.Popen[str], Path]) -> None:
    with scratch_folder("test"):
        assert (holder[1] / "content").exists()


def test_a_folder_of_this_process_stays() -> None:
    with scratch_folder("one") as one, scratch_folder("other"):
        assert one.is_dir()


def test_the_folder_of_a_killed_process_is_removed_by_the_next(holder: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "content").exists()

    ScratchFolder("test").remove()

    assert not folder.exists()


def test_what_is_not_known_to_be_left_behind_stays(temporary: Path) -> None:
    just_made = temporary / "grader-new-x"  # its lock is still to come
    other = temporary / "elsewhere"
    link = temporary / "grader-link-x"
    for folder in (just_made, other):
        folder.mkdir()
    (other / ".grader-scratch").touch()
    link.symlink_to(other)
    lock_is_a_link = temporary / "grader-lock-x"
    lock_is_a_link.mkdir()
    (lock_is_a_link / ".grader-scratch").symlink_to(other / ".grader-scratch")

    ScratchFolder("test").remove()

    assert just_made.is_dir()
    assert link.is_symlink()
    assert (other / ".grader-scratch").exists()
    assert lock_is_a_link.is_dir()
