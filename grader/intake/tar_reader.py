"""Reads the notebooks, scripts and archives out of a tar archive, packed by gzip or not, as a stream."""

from __future__ import annotations

import io
import tarfile
import zlib

from grader.errors import ArchiveError
from grader.intake.entries import (
    CHUNK_BYTES,
    RATIO_FREE_BYTES,
    Allowance,
    Entry,
    Problem,
    safe_path,
    size_text,
    unreadable,
)
from grader.intake.kinds import ARCHIVES, READABLE, FileKind, kind_by_name

_AGAIN = "Make the archive again from your own files and hand it in again."


def list_tar(data: bytes, allowance: Allowance, *, where: str, readable: frozenset[FileKind] = READABLE) -> list[Entry]:
    """The entries of a tar archive; those that can be graded are already unpacked.

    Args:
        data: the archive.
        allowance: what may still be unpacked.
        where: its path, for messages.
        readable: the kinds of files that can be graded.

    Raises:
        ArchiveError: the archive cannot be read to its end, or is larger than it may be.
    """
    stream = _BoundedStream(data, allowance, where)
    entries: list[Entry] = []
    try:
        with tarfile.open(fileobj=stream, mode="r|", errors="replace") as archive:
            for member in archive:
                allowance.take_members(1, where=where)
                entry = _entry(archive, member, allowance, readable)
                if entry.path:
                    entries.append(entry)
    except (tarfile.TarError, EOFError, ValueError, RecursionError, OverflowError) as error:
        raise _broken(where) from error
    return entries


def _entry(
    archive: tarfile.TarFile, member: tarfile.TarInfo, allowance: Allowance, readable: frozenset[FileKind]
) -> Entry:
    path, problem = safe_path(member.name)
    if member.isdir():
        return Entry(path=path, read=unreadable, is_folder=True, problem=problem)
    if not member.isreg():
        special = Problem(
            code="archive-special-file",
            what="This entry is a link." if member.issym() or member.islnk() else "This entry is a special file.",
            next_step=_AGAIN,
            hostile=True,
        )
        return Entry(path=path, read=unreadable, problem=problem or special)
    if problem is not None or kind_by_name(path) not in readable | ARCHIVES:
        return Entry(path=path, read=unreadable, problem=problem)
    limit = allowance.limits.member_bytes
    if member.size > limit:
        large = Problem(
            code="file-too-large",
            what=f"The file is larger than {size_text(limit)}.",
            next_step="Leave this file out and hand in the notebook alone.",
            hostile=False,
        )
        return Entry(path=path, read=unreadable, problem=large)
    opened = archive.extractfile(member)
    content = b"" if opened is None else opened.read(limit)
    return Entry(path=path, read=lambda _: content)


class _BoundedStream(io.RawIOBase):
    """The archive's bytes, unpacked in small steps and counted."""

    def __init__(self, data: bytes, allowance: Allowance, where: str) -> None:
        super().__init__()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if data.startswith(b"\x1f\x8b") else None
        self._data = memoryview(data)
        self._position = 0
        self._waiting = b""
        self._total = 0
        self._allowance = allowance
        self._where = where

    def read(self, count: int = -1) -> bytes:
        """Up to `count` bytes, fewer only at the end."""
        wanted = CHUNK_BYTES if count < 0 else count
        pieces: list[bytes] = []
        while wanted > 0:
            piece = self._some(min(wanted, CHUNK_BYTES))
            if not piece:
                break
            self._book(len(piece))
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _some(self, count: int) -> bytes:
        if self._inflate is None:
            return self._packed(count)
        while not self._inflate.eof:
            fresh = self._waiting or self._packed(CHUNK_BYTES)
            try:
                piece = self._inflate.decompress(fresh, count)
            except zlib.error as error:
                raise _broken(self._where) from error
            self._waiting = self._inflate.unconsumed_tail
            if piece:
                return piece
            if not fresh:
                raise _broken(self._where)
        return b""

    def _packed(self, count: int) -> bytes:
        piece = bytes(self._data[self._position : self._position + count])
        self._position += len(piece)
        return piece

    def _book(self, count: int) -> None:
        self._total += count
        self._allowance.take_bytes(count, where=self._where)
        ratio = self._allowance.limits.ratio
        if (
            self._inflate is not None
            and self._total > RATIO_FREE_BYTES
            and self._total > ratio * max(1, self._position - len(self._waiting))
        ):
            raise ArchiveError(
                "archive-bomb",
                f"The archive unpacks to more than {ratio:g} times its packed size.",
                where=self._where,
                next_step="Hand in the notebook alone.",
            )


def _broken(where: str) -> ArchiveError:
    return ArchiveError(
        "archive-broken",
        "The archive is damaged or cut off.",
        where=where,
        next_step="Make the archive again, open it once to see that it works, and hand it in again.",
    )
