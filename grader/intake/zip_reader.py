"""Lists a zip archive as entries that are unpacked one by one, in memory and within bounds."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from grader.errors import ArchiveError
from grader.intake.entries import (
    CHUNK_BYTES,
    RATIO_FREE_BYTES,
    Allowance,
    Entry,
    Problem,
    member_problem_error,
    safe_path,
    too_large,
    unreadable,
)
from grader.intake.zip_directory import ZipEntry, read_directory
from grader.limits import IntakeLimits

_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
_AGAIN = "Make the archive again from your own files and hand it in again."

_LIES = Problem(
    code="archive-wrong-size",
    what="The archive states a wrong size for the file.",
    next_step=_AGAIN,
    hostile=True,
)
_DUPLICATE = Problem(
    code="archive-duplicate-name",
    what="The archive holds another file of the same name further on, which was taken.",
    next_step=_AGAIN,
    hostile=True,
)


def list_zip(file: BinaryIO, *, limits: IntakeLimits, max_members: int, where: str) -> list[Entry]:
    """The entries of a zip archive; each is unpacked only when it is read.

    Args:
        file: the archive, seekable; it has to stay open as long as entries are read.
        limits: ceilings for each member.
        max_members: more entries than this are refused.
        where: name of the archive for messages.

    Raises:
        ArchiveError: the archive has no directory that could be read.
    """
    members = read_directory(file, max_members=max_members, where=where)
    overlapping = _overlapping(members)
    entries: dict[str, Entry] = {}
    for number, member in enumerate(members):
        path, problem = safe_path(member.raw_name)
        is_folder = member.raw_name.endswith(("/", "\\")) or stat.S_ISDIR(member.mode)
        if not path and is_folder:
            continue
        path = path or "unnamed"
        problem = problem or _member_problem(member, limits, overlaps=number in overlapping)
        if path in entries and not (is_folder and entries[path].is_folder):
            _set_aside_twin(path, number, entries)
        entries[path] = Entry(
            path=path,
            read=unreadable if is_folder else _reader(file, member, limits, path),
            is_folder=is_folder,
            problem=problem,
        )
    return list(entries.values())


def _set_aside_twin(path: str, number: int, entries: dict[str, Entry]) -> None:
    """Renames the earlier of two entries: the last one counts, as it does for programs that unpack."""
    twin = f"{path} (before entry {number})"
    entries[twin] = replace(entries.pop(path), path=twin, problem=_DUPLICATE)


def _member_problem(member: ZipEntry, limits: IntakeLimits, *, overlaps: bool) -> Problem | None:
    kind = stat.S_IFMT(member.mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "is a link" if kind == stat.S_IFLNK else "is a device or another special file"
        return Problem(code="archive-special-file", what=f"This entry {what}.", next_step=_AGAIN, hostile=True)
    if overlaps:
        return Problem(
            code="archive-overlap",
            what="Files in the archive share the same bytes, which no ordinary program writes.",
            next_step=_AGAIN,
            hostile=True,
        )
    if member.flags & _ENCRYPTED_FLAGS:
        return Problem(
            code="archive-encrypted",
            what="The file is protected with a password.",
            next_step="Make the archive again without a password.",
            hostile=False,
        )
    if member.method not in (_STORED, _DEFLATED):
        return Problem(
            code="archive-unknown-method",
            what=f"The file is packed by method {member.method}, which cannot be read here.",
            next_step="Make the archive again with your system's own zip program.",
            hostile=False,
        )
    if member.unpacked_bytes > RATIO_FREE_BYTES and member.unpacked_bytes > limits.ratio * member.packed_bytes:
        return _bomb(limits.ratio)
    return None


def _bomb(ratio: float) -> Problem:
    return Problem(
        code="archive-bomb",
        what=f"The file unpacks to more than {ratio:g} times its packed size.",
        next_step="Leave this file out and hand in the notebook alone.",
        hostile=True,
    )


def _overlapping(members: list[ZipEntry]) -> set[int]:
    """Numbers of the members whose bytes reach into those of another."""
    order = sorted(range(len(members)), key=lambda number: members[number].offset)
    overlapping: set[int] = set()
    reach, holder = -1, -1
    for number in order:
        member = members[number]
        if member.offset < reach:
            overlapping.update((number, holder))
        end = member.offset + _LOCAL.size + member.name_bytes + member.packed_bytes
        if end > reach:
            reach, holder = end, number
    return overlapping


def _reader(file: BinaryIO, member: ZipEntry, limits: IntakeLimits, path: str) -> Callable[[Allowance], bytes]:
    def read(allowance: Allowance) -> bytes:
        if member.unpacked_bytes > limits.member_bytes:
            raise too_large(path, limits.member_bytes)
        _seek_content(file, member, path)
        data = _unpack(file, member, limits, allowance, path)
        if len(data) != member.unpacked_bytes:
            raise member_problem_error(_LIES, path)
        if zlib.crc32(data) != member.checksum:
            raise _damaged(path)
        return data

    return read


def _seek_content(file: BinaryIO, member: ZipEntry, path: str) -> None:
    file.seek(member.offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise _damaged(path)
    fields = _LOCAL.unpack(header)
    file.seek(member.offset + _LOCAL.size + fields[9] + fields[10])


def _unpack(file: BinaryIO, member: ZipEntry, limits: IntakeLimits, allowance: Allowance, path: str) -> bytes:
    """The member's bytes; stops as soon as there are more than its directory entry says."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == _DEFLATED else None
    pieces: list[bytes] = []
    total, packed_left = 0, member.packed_bytes
    waiting = b""
    while True:
        fresh = b"" if waiting else file.read(min(CHUNK_BYTES, packed_left))
        packed_left -= len(fresh)
        piece, waiting = _inflate_some(inflate, waiting or fresh, path)
        total += len(piece)
        allowance.take_bytes(len(piece), where=path)
        if total > member.unpacked_bytes:
            raise member_problem_error(_LIES, path)
        consumed = member.packed_bytes - packed_left - len(waiting)
        if total > RATIO_FREE_BYTES and total > limits.ratio * max(1, consumed):
            raise member_problem_error(_bomb(limits.ratio), path)
        pieces.append(piece)
        if (inflate is not None and inflate.eof) or not (piece or waiting or fresh):
            return b"".join(pieces)


def _inflate_some(inflate: zlib._Decompress | None, packed: bytes, path: str) -> tuple[bytes, bytes]:
    """At most a chunk of unpacked bytes, and the packed ones that are left."""
    if inflate is None:
        return packed, b""
    try:
        piece = inflate.decompress(packed, CHUNK_BYTES)
    except zlib.error as error:
        raise _damaged(path) from error
    return piece, inflate.unconsumed_tail


def _damaged(path: str) -> ArchiveError:
    return ArchiveError(
        "archive-damaged-member",
        "The file inside the archive is damaged.",
        where=path,
        next_step="Make the archive again, open it once to see that it works, and hand it in again.",
    )
