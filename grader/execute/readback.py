"""Reads what a kernel left in its private folder, when nobody can change it any more, as if an enemy had written it."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
from functools import cache
from typing import Any

_SYS_OPENAT2 = 437  # the same number on every architecture
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
_HOW = struct.pack("QQQ", _FLAGS, 0, _NO_MAGICLINKS | _NO_SYMLINKS | _BENEATH)
_HOW_BYTES = ctypes.c_size_t(len(_HOW))
_MOST_NAME = 255
_READ_BYTES = 1 << 20


class RefusedError(Exception):
    """A file of a kernel's that is not taken; its text says why. Never leaves this package."""


class AbsentError(RefusedError):
    """There is nothing of that name."""


class Readback:
    """The files of one folder, within limits.

    Args:
        folder: descriptor of the folder (O_PATH will do).
        limit: bytes that may be read in all.
    """

    def __init__(self, folder: int, limit: int) -> None:
        self._folder = folder
        self.left = limit

    def size(self, name: str) -> int | None:
        """Size of a regular file; None if there is none of that name."""
        try:
            status = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except OSError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None

    def read(self, name: str, limit: int) -> bytes:
        """The whole of a regular file directly in the folder.

        Raises:
            AbsentError: if it is not there.
            RefusedError: if it is anything else, larger than `limit` or than what is left, or changes meanwhile.
        """
        if "/" in name or len(name) > _MOST_NAME:
            raise RefusedError(f"{name[:80]!r} is not a plain name")
        descriptor = self._open(name)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RefusedError(f"{name} is not a regular file")
            allowed = min(limit, self.left)
            if status.st_size > allowed:
                raise RefusedError(f"{name} has {status.st_size} bytes, {allowed} are left")
            content = _up_to(descriptor, status.st_size + 1)
        except OSError as error:
            raise RefusedError(f"{name} cannot be read ({os.strerror(error.errno or 0)})") from error
        finally:
            os.close(descriptor)
        if len(content) != status.st_size:
            raise RefusedError(f"{name} changed while it was read")
        self.left -= len(content)
        return content

    def _open(self, name: str) -> int:
        if sys.platform != "linux":
            raise RefusedError("evidence is only read on Linux")
        descriptor: int = _libc().syscall(_SYS_OPENAT2, self._folder, os.fsencode(name), _HOW, _HOW_BYTES)
        if descriptor < 0:
            code = ctypes.get_errno()
            kind = AbsentError if code == errno.ENOENT else RefusedError
            raise kind(f"{name} cannot be opened ({os.strerror(code)})")
        return descriptor


@cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _up_to(descriptor: int, count: int) -> bytes:
    """The next bytes of a regular file, so many if there are; it is at its end where it yields fewer than asked for."""
    pieces = []
    while count > 0:
        asked = min(count, _READ_BYTES)
        pieces.append(os.read(descriptor, asked))
        count -= asked
        if len(pieces[-1]) < asked:
            break
    return b"".join(pieces)
