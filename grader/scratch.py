"""Temporary folders that do not outlive their process for long: what a killed one left, the next one removes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "grader-"
_LOCK = ".grader-scratch"
"""Whoever holds it uses the folder; a folder without it is no scratch folder."""


class ScratchFolder:
    """A new temporary folder that only this user can enter; folders of processes that were killed are removed first.

    Args:
        use: a word for its name.

    Attributes:
        path: of the folder.
    """

    def __init__(self, use: str) -> None:
        _remove_what_was_left()
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{use}-"))
        self._lock = _locked(self.path)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


@contextmanager
def scratch_folder(use: str) -> Iterator[Path]:
    """A `ScratchFolder` for as long as the context lasts."""
    folder = ScratchFolder(use)
    try:
        yield folder.path
    finally:
        folder.remove()


def _locked(folder: Path) -> int:
    unfinished = folder / f"{_LOCK}.unfinished"
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    unfinished.rename(folder / _LOCK)  # so nobody finds it before it is held
    return descriptor


def _remove_what_was_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # held, another user's, not locked yet, or removed by somebody else meanwhile
            _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        return
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(descriptor)
