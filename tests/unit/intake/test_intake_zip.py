"""Honest zip and tar archives of every make are read."""

from __future__ import annotations

import io
import struct
import tarfile
import zlib

import pytest
from helpers.archives import RawMember, raw_zip, tar_bytes, tar_of, zip_bytes

from grader.errors import ArchiveError
from grader.intake.entries import Allowance, Entry, safe_path, shown, unreadable
from grader.intake.tar_reader import list_tar
from grader.intake.zip_reader import list_zip
from grader.limits import IntakeLimits

LIMITS = IntakeLimits()


def listed(data: bytes, limits: IntakeLimits = LIMITS) -> list[Entry]:
    return list_zip(io.BytesIO(data), limits=limits, max_members=limits.members, where="work.zip")


def contents(data: bytes) -> dict[str, bytes]:
    return {entry.path: entry.read(Allowance(LIMITS)) for entry in listed(data) if not entry.is_folder}


def test_members_are_read_as_they_were_packed() -> None:
    members = {"a/work.ipynb": b"x" * 300_000, "b.py": b"", "c.bin": bytes(range(256)) * 700}

    assert contents(zip_bytes(members)) == members


def test_stored_members_and_bytes_in_front_are_read() -> None:
    data = raw_zip(
        [RawMember(name=b"a.py", data=b"x = 1", method=0)], front=b"#!/bin/sh\n" * 20, comment=b"made by hand"
    )

    assert contents(data) == {"a.py": b"x = 1"}


@pytest.mark.parametrize(
    ("name", "flags", "extra", "path"),
    [
        pytest.param("grün.py".encode(), 0x800, b"", "grün.py", id="utf-8-flag"),
        pytest.param("grün.py".encode(), 0, b"", "grün.py", id="utf-8-without-flag"),
        pytest.param("grün.py".encode("cp437"), 0, b"", "grün.py", id="cp437"),
        pytest.param("课.py".encode("gbk"), 0, b"", "┐╬.py", id="another-code-page"),
        pytest.param(b"gr\xfcn.py", 0x800, b"", "gr\ufffdn.py", id="wrong-flag"),
        pytest.param(b"a\x07b.py", 0, b"", "a\ufffdb.py", id="control-character"),
        pytest.param(b"folder\\a.py", 0, b"", "folder/a.py", id="backslash"),
        pytest.param(b"./a.py", 0, b"", "a.py", id="dot"),
    ],
)
def test_names_are_read_in_their_code_page(name: bytes, flags: int, extra: bytes, path: str) -> None:
    data = raw_zip([RawMember(name=name, data=b"x", flags=flags, extra=extra)])

    assert list(contents(data)) == [path]


@pytest.mark.parametrize(("checksum_of", "path"), [(b"gr_n.py", "grün.py"), (b"other", "gr_n.py")])
def test_the_unicode_name_of_info_zip_counts_if_it_is_of_this_name(checksum_of: bytes, path: str) -> None:
    field = b"\x01" + struct.pack("<L", zlib.crc32(checksum_of)) + "grün.py".encode()
    extra = struct.pack("<2H", 0x7075, len(field)) + field

    data = raw_zip([RawMember(name=b"gr_n.py", data=b"x", extra=extra)])

    assert list(contents(data)) == [path]


def test_an_archive_in_the_64_bit_format_is_read() -> None:
    plain = raw_zip([RawMember(name=b"a.py", data=b"x = 1")])
    end_at = plain.rfind(b"PK\5\6")
    length, offset = struct.unpack_from("<2L", plain, end_at + 12)
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, length, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end_at, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)

    assert contents(plain[:end_at] + record + locator + end) == {"a.py": b"x = 1"}


def test_sizes_of_64_bits_are_read() -> None:
    plain = raw_zip(
        [RawMember(name=b"a.py", data=b"x = 1", claimed_bytes=0xFFFFFFFF, extra=struct.pack("<2HQ", 1, 8, 5))]
    )

    assert contents(plain) == {"a.py": b"x = 1"}


def test_folders_are_listed_and_not_read() -> None:
    entries = listed(zip_bytes({"./": b"", "a/": b"", "a/b.py": b"x"}))

    assert [(entry.path, entry.is_folder) for entry in entries] == [("a", True), ("a/b.py", False)]
    with pytest.raises(ArchiveError):
        entries[0].read(Allowance(LIMITS))


@pytest.mark.parametrize("packed", [True, False])
def test_tar_archives_give_their_notebooks_scripts_and_archives(packed: bool) -> None:
    members = {"a/work.ipynb": b"x" * 100_000, "b.zip": b"PK", "c.bin": b"data"}

    entries = list_tar(tar_bytes(members, packed=packed), Allowance(LIMITS), where="work.tar")

    assert [entry.path for entry in entries] == list(members)
    assert entries[0].read(Allowance(LIMITS)) == members["a/work.ipynb"]


def test_folders_of_a_tar_archive_are_listed_but_for_the_root() -> None:
    folders = [tarfile.TarInfo("./"), tarfile.TarInfo("a")]
    for folder in folders:
        folder.type = tarfile.DIRTYPE

    entries = list_tar(tar_of([(folder, b"") for folder in folders]), Allowance(LIMITS), where="work.tar")

    assert [(entry.path, entry.is_folder) for entry in entries] == [("a", True)]


@pytest.mark.parametrize(
    ("raw", "path", "unsafe"),
    [
        ("a/b.py", "a/b.py", False),
        ("a//./b.py", "a/b.py", False),
        ("../../etc/passwd", "etc/passwd", True),
        ("/etc/passwd", "etc/passwd", True),
        ("C:\\temp\\a.py", "C:/temp/a.py", True),
        ("\\\\server\\a.py", "server/a.py", True),
        ("a/../b.py", "a/b.py", True),
        ("a.py\0.txt", "a.py\ufffd.txt", True),
        ("a..b/c..py", "a..b/c..py", False),
        ("", "", False),
        ("./", "", False),
    ],
)
def test_paths_that_lead_outside_are_told_from_others(raw: str, path: str, unsafe: bool) -> None:
    found, problem = safe_path(raw)

    assert found == path
    assert (problem is not None) == unsafe


def test_long_paths_are_shortened() -> None:
    assert len(safe_path("a/" * 5_000)[0]) <= 1001
    assert len(shown("x" * 10_000)) < 256


def test_a_folder_cannot_be_read() -> None:
    with pytest.raises(ArchiveError, match="not a file"):
        unreadable(Allowance(LIMITS))
