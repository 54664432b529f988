"""Reads the directory of a zip archive without believing it.

The standard library's reader is not used: it stops at the first odd name, unpacks bzip2 and LZMA in unbounded steps,
and builds an object for each of a few million entries before anybody can say no.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from grader.errors import ArchiveError

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_MAX_COMMENT_BYTES = 65_535
_MAX_ENTRY_BYTES = 512
"""Ceiling for the average directory entry: enough for long paths with time stamps in every dialect."""
_UNSET32 = 0xFFFFFFFF
_UTF8_FLAG = 0x800
_EXTRA_ZIP64 = 0x0001
_EXTRA_UNICODE_PATH = 0x7075


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """One line of the directory, as written by whoever made the archive."""

    raw_name: str
    flags: int
    method: int
    checksum: int
    packed_bytes: int
    unpacked_bytes: int
    offset: int
    """Of the local header, from the beginning of the file."""
    name_bytes: int
    mode: int
    """Unix file mode; 0 if the archiver wrote none."""


def read_directory(file: BinaryIO, *, max_members: int, where: str) -> list[ZipEntry]:
    """The entries of the archive in the order of its directory.

    Args:
        file: the archive, seekable.
        max_members: more entries than this are refused before they are read.
        where: name of the archive for messages.

    Raises:
        ArchiveError: no directory, a broken one, or one that is too long.
    """
    size = file.seek(0, 2)
    start, length, shift = _find_directory(file, size, where)
    if length > max_members * _MAX_ENTRY_BYTES:
        raise _too_many(max_members, where)
    file.seek(start)
    data = file.read(length)
    entries: list[ZipEntry] = []
    position = 0
    while position < length:
        if len(entries) == max_members:
            raise _too_many(max_members, where)
        entry, position = _read_entry(data, position, shift, where)
        entries.append(entry)
    return entries


def _find_directory(file: BinaryIO, size: int, where: str) -> tuple[int, int, int]:
    """Begin and length of the directory, and by how much bytes in front of the archive shift its offsets."""
    tail_bytes = min(size, _END.size + _MAX_COMMENT_BYTES)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    found = tail.rfind(b"PK\x05\x06")
    if found < 0 or found + _END.size > len(tail):
        raise ArchiveError(
            "archive-truncated",
            "The archive has no end: it was cut off, or it is not an archive.",
            where=where,
            next_step="Make the archive again, open it once to see that it works, and hand it in again.",
        )
    _, _, _, _, _, length, offset, _ = _END.unpack_from(tail, found)
    end = size - tail_bytes + found
    if length == _UNSET32 or offset == _UNSET32:
        length, offset, end = _find_directory64(file, end, where)
    start = end - length
    if start < 0 or start < offset:
        raise _broken(where)
    return start, length, start - offset


def _find_directory64(file: BinaryIO, end: int, where: str) -> tuple[int, int, int]:
    """Length, offset and end of the directory of an archive in the 64-bit format."""
    file.seek(max(0, end - _END64_LOCATOR.size))
    locator = file.read(_END64_LOCATOR.size)
    if len(locator) < _END64_LOCATOR.size or not locator.startswith(b"PK\x06\x07"):
        raise _broken(where)
    record_at = end - _END64_LOCATOR.size - _END64.size
    file.seek(max(0, record_at))
    record = file.read(_END64.size)
    if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
        raise _broken(where)
    fields = _END64.unpack(record)
    return fields[8], fields[9], record_at


def _read_entry(data: bytes, position: int, shift: int, where: str) -> tuple[ZipEntry, int]:
    if position + _CENTRAL.size > len(data) or not data.startswith(b"PK\x01\x02", position):
        raise _broken(where)
    fields = _CENTRAL.unpack_from(data, position)
    flags, method, checksum = fields[3], fields[4], fields[7]
    packed, unpacked, name_length, extra_length, comment_length = fields[8:13]
    attributes, offset = fields[15], fields[16]
    name_at = position + _CENTRAL.size
    extra_at = name_at + name_length
    following = extra_at + extra_length + comment_length
    if following > len(data):
        raise _broken(where)
    name = data[name_at:extra_at]
    extras = _read_extras(data[extra_at : extra_at + extra_length])
    wide = extras.get(_EXTRA_ZIP64, b"")
    numbers = []
    for value in (unpacked, packed, offset):
        if value == _UNSET32 and len(wide) >= 8:
            value, wide = int.from_bytes(wide[:8], "little"), wide[8:]
        numbers.append(value)
    entry = ZipEntry(
        raw_name=_decode_name(name, flags, extras.get(_EXTRA_UNICODE_PATH, b"")),
        flags=flags,
        method=method,
        checksum=checksum,
        packed_bytes=numbers[1],
        unpacked_bytes=numbers[0],
        offset=numbers[2] + shift,
        name_bytes=name_length,
        mode=attributes >> 16,
    )
    return entry, following


def _read_extras(data: bytes) -> dict[int, bytes]:
    """The extra fields by their numbers; what is malformed is passed over."""
    extras: dict[int, bytes] = {}
    position = 0
    while position + 4 <= len(data):
        number, length = struct.unpack_from("<2H", data, position)
        extras.setdefault(number, data[position + 4 : position + 4 + length])
        position += 4 + length
    return extras


def _decode_name(name: bytes, flags: int, unicode_path: bytes) -> str:
    """The name in the code page that it was written in, as far as anybody can tell."""
    if not flags & _UTF8_FLAG and len(unicode_path) > 5:
        same = int.from_bytes(unicode_path[1:5], "little") == zlib.crc32(name)
        if unicode_path[0] == 1 and same:
            return unicode_path[5:].decode("utf-8", errors="replace")
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("utf-8", errors="replace") if flags & _UTF8_FLAG else name.decode("cp437")


def _broken(where: str) -> ArchiveError:
    return ArchiveError(
        "archive-broken",
        "The list of files in the archive is damaged.",
        where=where,
        next_step="Make the archive again, open it once to see that it works, and hand it in again.",
    )


def _too_many(max_members: int, where: str) -> ArchiveError:
    return ArchiveError(
        "archive-too-many-members",
        f"The archive holds more than {max_members:,} files and folders.",
        where=where,
        next_step="Hand in the notebook alone, without data.",
    )
