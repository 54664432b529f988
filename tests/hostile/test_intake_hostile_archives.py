"""Hostile archives cost nobody anything: they are skipped or refused, in bounded memory, and nothing is written."""

from __future__ import annotations

import struct
import tarfile
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.archives import (
    DEVICE,
    PIPE,
    SYMLINK,
    RawMember,
    deflated,
    raw_zip,
    tar_bytes,
    tar_of,
    zip_bytes,
)
from helpers.notebooks import notebook_bytes

from grader.intake import Expectation, take_in
from grader.limits import MIB, IntakeLimits
from grader.records import Submission

WORK = notebook_bytes([("code", "class Net:\n    pass")])
GOOD = RawMember(name=b"good.ipynb", data=WORK)
ZEROS = bytes(8 * MIB)
LIMITS = IntakeLimits(members=100, unpacked_bytes=4 * MIB, member_bytes=2 * MIB, nesting=2)


def rows(folder: Path, name: str, data: bytes, limits: IntakeLimits = LIMITS) -> list[Submission]:
    """The rows of a batch of one hand-in, and of a good neighbour that must not suffer."""
    folder = folder / "batch"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    (folder / "neighbour.ipynb").write_bytes(WORK)
    found = list(take_in(folder, limits=limits, expectation=Expectation(names=frozenset({"Net"}))))
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, "neighbour.ipynb"])
    assert list(folder.parent.iterdir()) == [folder]
    assert found[-1].submission == "neighbour.ipynb"
    assert found[-1].notebook is not None
    return found[:-1]


def nested(levels: int) -> bytes:
    """A notebook in an archive in an archive ..."""
    data = zip_bytes({"deep.ipynb": WORK})
    for _ in range(levels):
        data = zip_bytes({"inner.zip": data})
    return data


BAD_MEMBERS = [
    pytest.param([RawMember(name=b"../../up.ipynb", data=WORK)], "archive-unsafe-path", id="traversal"),
    pytest.param([RawMember(name=b"/root/up.ipynb", data=WORK)], "archive-unsafe-path", id="absolute"),
    pytest.param([RawMember(name=b"C:\\up.ipynb", data=WORK)], "archive-unsafe-path", id="drive"),
    pytest.param([RawMember(name=b"a.ipynb\0.txt", data=WORK)], "archive-unsafe-path", id="zero-in-the-name"),
    pytest.param([RawMember(name=b"l.ipynb", data=b"/etc/passwd", mode=SYMLINK)], "archive-special-file", id="symlink"),
    pytest.param([RawMember(name=b"d.ipynb", mode=DEVICE)], "archive-special-file", id="device"),
    pytest.param([RawMember(name=b"p.ipynb", mode=PIPE)], "archive-special-file", id="pipe"),
    pytest.param([RawMember(name=b"b.ipynb", data=ZEROS)], "archive-bomb", id="ratio"),
    pytest.param([RawMember(name=b"b.csv", data=ZEROS)], "archive-bomb", id="ratio-of-data"),
    pytest.param(
        [RawMember(name=b"b.ipynb", data=bytes(2 * MIB), packed=deflated(bytes(2 * MIB)) + bytes(200_000))],
        "archive-bomb",
        id="ratio-hidden-by-padding",
    ),
    pytest.param(
        [RawMember(name=b"b.ipynb", data=ZEROS, claimed_bytes=1000)], "archive-wrong-size", id="size-understated"
    ),
    pytest.param(
        [RawMember(name=b"b.ipynb", data=WORK, claimed_bytes=len(WORK) + 1)], "archive-wrong-size", id="overstated"
    ),
    pytest.param(
        [
            RawMember(name=b"a.ipynb", data=WORK, claimed_offset=0),
            RawMember(name=b"b.ipynb", data=WORK, claimed_offset=10),
        ],
        "archive-overlap",
        id="overlap",
    ),
    pytest.param([RawMember(name=b"n.zip", data=nested(3), method=0)], "archive-too-nested", id="nesting"),
    pytest.param(
        [RawMember(name=b"n.zip", data=zip_bytes({f"{n}.csv": b"" for n in range(200)}), method=0)],
        "archive-too-many-members",
        id="members-of-a-nested-archive",
    ),
]


@pytest.mark.parametrize(("members", "code"), BAD_MEMBERS)
def test_a_hostile_member_alone_is_refused(members: list[RawMember], code: str, tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "bad.zip", raw_zip(members))

    assert row.refused is not None
    assert row.refused.code == code
    assert row.flags == ("hostile-archive",)
    assert row.refused.next_step


@pytest.mark.parametrize(("members", "code"), BAD_MEMBERS)
def test_a_hostile_member_is_left_out_where_a_good_notebook_remains(
    members: list[RawMember], code: str, tmp_path: Path
) -> None:
    # The good one follows a stored member of its own, so that offsets of the bad ones never reach it.
    spacer = RawMember(name=b"spacer.csv", data=bytes(range(256)) * 8, method=0)

    (row,) = rows(tmp_path, "bad.zip", raw_zip([spacer, GOOD, *members]))

    assert row.notebook is not None
    assert row.notebook.source_name == "good.ipynb"
    assert row.flags == ("hostile-archive",)
    assert any("was left out" in note for note in row.notes)


@pytest.mark.parametrize(
    ("member", "code"),
    [
        pytest.param(RawMember(name=b"a.ipynb", data=WORK, flags=1), "archive-encrypted", id="encrypted"),
        pytest.param(RawMember(name=b"a.ipynb", data=WORK, method=12), "archive-unknown-method", id="bzip2"),
        pytest.param(
            RawMember(name=b"a.ipynb", data=WORK, claimed_checksum=1), "archive-damaged-member", id="checksum"
        ),
        pytest.param(
            RawMember(name=b"a.ipynb", data=WORK, packed=b"\xff" * 50), "archive-damaged-member", id="not-deflate"
        ),
        pytest.param(
            RawMember(name=b"a.ipynb", data=WORK, packed=deflated(WORK)[:-20]), "archive-wrong-size", id="stream-cut"
        ),
        pytest.param(
            RawMember(name=b"a.ipynb", data=WORK, claimed_offset=10**6), "archive-damaged-member", id="offset-outside"
        ),
        pytest.param(
            RawMember(name=b"a.ipynb", data=bytes(range(256)) * 10_000), "file-too-large", id="member-too-large"
        ),
    ],
)
def test_a_member_that_cannot_be_read_is_refused_with_the_reason(member: RawMember, code: str, tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "bad.zip", raw_zip([member]), LIMITS.model_copy(update={"ratio": 1000.0}))

    assert row.refused is not None
    assert row.refused.code == code


def test_of_duplicate_names_the_last_counts_and_it_is_said(tmp_path: Path) -> None:
    first = notebook_bytes([("code", "class Net:\n    first = 1")])

    (row,) = rows(tmp_path, "bad.zip", raw_zip([RawMember(name=b"good.ipynb", data=first), GOOD]))

    assert row.notebook is not None
    assert row.notebook.cells[0].source == "class Net:\n    pass"
    assert row.flags == ("hostile-archive",)
    assert "same name" in row.notes[0]


def test_ten_thousand_files_are_refused_and_ten_thousand_of_one_name_too(tmp_path: Path) -> None:
    many = raw_zip([RawMember(name=b"%d.csv" % number, method=0) for number in range(10_000)] + [GOOD])
    same = raw_zip([RawMember(name=b"x.csv", method=0)] * 10_000)

    for data in (many, same):
        (row,) = rows(tmp_path, "bad.zip", data, IntakeLimits())
        assert row.refused is not None
        assert row.refused.code == "archive-too-many-members"
        assert "4,000" in row.refused.what


def test_a_directory_of_a_million_entries_is_refused_before_it_is_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", *([0] * 16))
    directory = entry * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0, 0, len(directory), 0, 0)

    tracemalloc.start()
    (row,) = rows(tmp_path, "bad.zip", directory + end, IntakeLimits())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert row.refused is not None
    assert row.refused.code == "archive-too-many-members"
    assert peak < 3 * len(directory)


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_archives_in_archives_are_opened_up_to_the_limit(levels: int, tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "deep.zip", nested(levels))

    assert row.notebook is not None
    assert row.notebook.source_name == "inner.zip/" * levels + "deep.ipynb"


def test_what_is_unpacked_counts_over_all_nested_archives(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 4096
    inner = zip_bytes({f"{number}.py": noise[number:] for number in range(3)})
    data = zip_bytes({"a.zip": inner, "b.zip": inner})

    (row,) = rows(tmp_path, "bad.zip", data, LIMITS.model_copy(update={"ratio": 2000.0, "notebook_bytes": 1000}))

    assert "hostile-archive" in row.flags


@pytest.mark.parametrize("claim", [pytest.param(0, id="honest"), pytest.param(1000, id="size-understated")])
def test_a_bomb_is_stopped_in_bounded_memory(claim: int, tmp_path: Path) -> None:
    bomb = raw_zip([RawMember(name=b"b.ipynb", data=bytes(100 * MIB), claimed_bytes=claim or None)])

    tracemalloc.start()
    (row,) = rows(tmp_path, "bomb.zip", bomb, IntakeLimits())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert row.refused is not None
    assert peak < 8 * MIB


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda whole: whole[: len(whole) // 2], id="cut-in-the-middle"),
        pytest.param(lambda whole: whole[:-10], id="cut-in-the-end-record"),
        pytest.param(lambda whole: whole[100:], id="cut-at-the-beginning"),
        pytest.param(lambda whole: whole.replace(b"PK\1\2", b"PK\0\0"), id="directory-damaged"),
        pytest.param(lambda whole: whole[:-10] + b"\xff\xff\xff\x7f" + whole[-6:], id="directory-too-long"),
        pytest.param(lambda whole: whole[:-10] + b"\xff\xff\xff\xff" + whole[-6:], id="64-bit-without-record"),
        pytest.param(lambda whole: whole[:-10] + b"\x2f\x00\x00\x00" + whole[-6:], id="directory-too-short"),
        pytest.param(
            lambda whole: (
                whole[:-22] + struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1) + whole[-22:-10] + b"\xff" * 4 + whole[-6:]
            ),
            id="64-bit-locator-without-record",
        ),
    ],
)
def test_a_damaged_archive_is_refused(make: Callable[[bytes], bytes], tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "cut.zip", make(zip_bytes({"a.ipynb": WORK, "b.ipynb": WORK})))

    assert row.refused is not None
    assert row.refused.code in {"archive-truncated", "archive-broken"}


def test_a_directory_entry_with_a_name_beyond_its_end_is_refused(tmp_path: Path) -> None:
    whole = zip_bytes({"a.ipynb": WORK})
    at = whole.rfind(b"PK\1\2") + 28

    (row,) = rows(tmp_path, "bad.zip", whole[:at] + b"\xff\xff" + whole[at + 2 :])

    assert row.refused is not None
    assert row.refused.code == "archive-broken"


def info(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = kind
    made.linkname = target
    return made


@pytest.mark.parametrize(
    ("member", "code"),
    [
        pytest.param(info("../up.ipynb"), "archive-unsafe-path", id="traversal"),
        pytest.param(info("/up.ipynb"), "archive-unsafe-path", id="absolute"),
        pytest.param(info("l.ipynb", tarfile.SYMTYPE, "/etc/passwd"), "archive-special-file", id="symlink"),
        pytest.param(info("h.ipynb", tarfile.LNKTYPE, "/etc/passwd"), "archive-special-file", id="hard-link"),
        pytest.param(info("c.ipynb", tarfile.CHRTYPE), "archive-special-file", id="device"),
        pytest.param(info("p.ipynb", tarfile.FIFOTYPE), "archive-special-file", id="pipe"),
    ],
)
def test_a_hostile_member_of_a_tar_archive_is_left_out_or_refused(
    member: tarfile.TarInfo, code: str, tmp_path: Path
) -> None:
    (alone,) = rows(tmp_path, "bad.tgz", tar_of([(member, b"x")]))
    (beside,) = rows(tmp_path, "bad.tgz", tar_of([(member, b"x"), (info("good.ipynb"), WORK)]))

    assert alone.refused is not None
    assert alone.refused.code == code
    assert beside.notebook is not None
    assert beside.flags == ("hostile-archive",)


def chain_of_long_names(count: int) -> bytes:
    """Headers each of which says that the name of the next one is long."""
    header = tarfile.TarInfo("x")
    header.type = tarfile.GNUTYPE_LONGNAME
    header.size = 1
    return (header.tobuf() + b"x" + bytes(511)) * count


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(tar_bytes({"b.ipynb": ZEROS}), "archive-bomb", id="ratio"),
        pytest.param(tar_bytes({"b.csv": ZEROS}, packed=False), "archive-too-large", id="unpacked"),
        pytest.param(tar_bytes({f"{n}.csv": b"" for n in range(200)}), "archive-too-many-members", id="members"),
        pytest.param(tar_bytes({"a.ipynb": WORK})[:-30], "archive-broken", id="cut"),
        pytest.param(tar_bytes({"a.ipynb": WORK}, packed=False)[:600], "archive-broken", id="cut-inside-a-member"),
        pytest.param(b"\x1f\x8b" + b"\xff" * 100, "archive-broken", id="not-gzip"),
        pytest.param(zlib.compress(b"", wbits=31), "archive-broken", id="nothing-packed"),
        pytest.param(chain_of_long_names(3_000), "archive-broken", id="chain-of-long-names"),
        pytest.param(
            tar_bytes({"a.ipynb": bytes(range(256)) * 10_000}, packed=False), "file-too-large", id="member-too-large"
        ),
    ],
)
def test_a_hostile_tar_archive_is_refused(data: bytes, code: str, tmp_path: Path) -> None:
    (row,) = rows(tmp_path, "bad.tar", data)

    assert row.refused is not None
    assert row.refused.code == code


def test_a_hand_in_larger_than_an_archive_may_be_is_refused(tmp_path: Path) -> None:
    big = raw_zip([RawMember(name=b"a.ipynb", data=WORK), RawMember(name=b"x.csv", data=bytes(2000), method=0)])

    (row,) = rows(tmp_path, "big.zip", big, IntakeLimits(archive_bytes=1000))

    assert row.refused is not None
    assert row.refused.code == "file-too-large"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(RawMember(name=b"s50.zip", data=bytes(4 * MIB)), id="bomb"),
        pytest.param(RawMember(name=b"../s50.zip", data=WORK), id="traversal"),
        pytest.param(RawMember(name=b"s50.zip", data=b"x", mode=SYMLINK), id="symlink"),
        pytest.param(RawMember(name=b"s50.zip", data=b"x", flags=1), id="encrypted"),
        pytest.param(RawMember(name=b"s50.zip", data=b"x", claimed_checksum=3), id="damaged"),
    ],
)
def test_a_bad_member_of_a_batch_has_its_row_and_the_others_theirs(bad: RawMember, tmp_path: Path) -> None:
    good = zip_bytes({"w.ipynb": WORK})
    batch = raw_zip([RawMember(name=b"s01.zip", data=good), bad, RawMember(name=b"s99.zip", data=good)])
    (tmp_path / "all.zip").write_bytes(batch)

    found = list(take_in(tmp_path / "all.zip", limits=LIMITS, expectation=Expectation()))

    assert [(row.key, row.notebook is None, row.refused is None) for row in found] == [
        ("s01", False, True),
        ("s50", True, False),
        ("s99", False, True),
    ]
