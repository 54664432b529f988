"""Builders of archives as bytes, honest ones and such as no ordinary program writes."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

SYMLINK = stat.S_IFLNK | 0o777
DEVICE = stat.S_IFCHR | 0o666
PIPE = stat.S_IFIFO | 0o666


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A zip archive as the standard library writes it, with fixed time stamps."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, date_time=(2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return file.getvalue()


def tar_bytes(members: dict[str, bytes], *, packed: bool = True) -> bytes:
    """A tar archive, packed with gzip or not."""
    return tar_of([(tarfile.TarInfo(name), data) for name, data in members.items()], packed=packed)


def tar_of(members: Sequence[tuple[tarfile.TarInfo, bytes]], *, packed: bool = True) -> bytes:
    """A tar archive of any members; sizes are set from the data of ordinary files."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz" if packed else "w") as archive:
        for info, data in members:
            if info.isreg():
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


@dataclass(frozen=True, kw_only=True)
class RawMember:
    """A member of a zip archive of which every field can lie."""

    name: bytes
    data: bytes = b""
    flags: int = 0
    method: int = 8
    mode: int = 0
    extra: bytes = b""
    claimed_bytes: int | None = None
    """Unpacked size in the directory; the true one by default."""
    claimed_checksum: int | None = None
    claimed_offset: int | None = None
    """Where the directory says the member lies; the true place by default."""
    packed: bytes | None = None
    """Packed bytes as they are; made from the data by default."""


def raw_zip(members: Sequence[RawMember], *, comment: bytes = b"", front: bytes = b"") -> bytes:
    """A zip archive written field by field.

    Args:
        members: in the order of the directory.
        comment: the archive's comment.
        front: bytes before the archive, as in a self-extracting one.
    """
    body, directory = bytearray(), bytearray()
    for member in members:
        packed = member.packed if member.packed is not None else _packed(member)
        checksum = zlib.crc32(member.data) if member.claimed_checksum is None else member.claimed_checksum
        size = len(member.data) if member.claimed_bytes is None else member.claimed_bytes
        offset = len(body) if member.claimed_offset is None else member.claimed_offset
        numbers = (checksum, len(packed), size, len(member.name))
        if member.claimed_offset is None:
            body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, member.flags, member.method, 0, 0, *numbers, 0)
            body += member.name + packed
        directory += struct.pack(
            "<4s6H3L5H2L",
            *(b"PK\1\2", 0x314, 20, member.flags, member.method, 0, 0),
            *(*numbers, len(member.extra), 0, 0, 0, member.mode << 16, offset),
        )
        directory += member.name + member.extra
    count = min(len(members), 0xFFFF)
    numbers_of_end = (0, 0, count, count, len(directory), len(body), len(comment))
    return front + bytes(body + directory) + struct.pack("<4s4H2LH", b"PK\5\6", *numbers_of_end) + comment


def _packed(member: RawMember) -> bytes:
    return deflated(member.data) if member.method == 8 else member.data


def deflated(data: bytes) -> bytes:
    """The data as a raw deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
