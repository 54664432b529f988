"""Every hand-in of a source has its row, readable or not."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from helpers.archives import tar_bytes, zip_bytes
from helpers.notebooks import notebook_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import ConfigError
from grader.intake import Expectation, parse_roster, take_in
from grader.intake import batch as batch_module
from grader.intake.handins import HandIn
from grader.limits import IntakeLimits
from grader.records import Submission

LIMITS = IntakeLimits()
EXPECTED = Expectation(names=frozenset({"Net"}))
WORK = notebook_bytes([("code", "class Net:\n    pass")])
OTHER_WORK = notebook_bytes([("code", "class Net:\n    size = 3")])


def rows(source: Path, **more: object) -> list[Submission]:
    return list(take_in(source, limits=LIMITS, expectation=EXPECTED, **more))  # type: ignore[arg-type]  # options of a test


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def summary(found: list[Submission]) -> list[tuple[str, str, str]]:
    return [
        (
            row.submission,
            row.key,
            row.notebook.source_name if row.notebook else row.refused.code if row.refused else "-",
        )
        for row in found
    ]


def test_what_is_passed_over_for_its_name_is_told_and_the_rest_taken(tmp_path: Path) -> None:
    source = write(tmp_path, {"a.ipynb": WORK, "_b.zip": b"", ".c.ipynb": WORK} | {f"_{n}.zip": b"" for n in range(5)})
    told: list[str] = []

    assert [row.submission for row in rows(source, note=told.append)] == ["a.ipynb"]

    (sentence,) = told
    assert sentence.startswith('".c.ipynb", "_0.zip", "_1.zip", "_2.zip", "_3.zip" and 2 more passed over:')
    assert sentence.endswith("rename them")


def test_a_zip_under_the_name_of_a_notebook_is_opened_wherever_it_lies(tmp_path: Path) -> None:
    packed = zip_bytes({"work.ipynb": WORK})
    files = {"s01.ipynb": packed, "s02/mine.ipynb": packed, "s03.zip": zip_bytes({"mine.ipynb": packed})}
    data = {"s04/work.ipynb": WORK, "s04/data.npz": zip_bytes({"other.ipynb": OTHER_WORK})}

    found = rows(write(tmp_path, files | data))

    assert [row.notebook.source_name if row.notebook else row.refused for row in found] == [
        "work.ipynb", "mine.ipynb/work.ipynb", "mine.ipynb/work.ipynb", "work.ipynb"
    ]  # fmt: skip


def test_nothing_is_told_where_nothing_is_passed_over(tmp_path: Path) -> None:
    told: list[str] = []

    rows(write(tmp_path, {"a.ipynb": WORK, "._a.ipynb": b""}), note=told.append)

    assert told == []


def test_each_child_of_a_folder_has_a_row_in_the_order_of_paths(tmp_path: Path) -> None:
    files = {
        "s03.zip": zip_bytes({"x/w.ipynb": WORK}),
        "s01.ipynb": WORK,
        "s02.py": b"class Net: ...",
        "s04/w.ipynb": WORK,
    }
    files |= {
        "s05.tgz": tar_bytes({"w.ipynb": WORK}),
        "s06.pdf": b"%PDF-1.4",
        "s07.rar": b"Rar!\x1a\x07",
        "s08.zip": b"",
    }
    source = write(tmp_path, files | {"expected.csv": b"x", ".git/x.ipynb": WORK})
    (source / "s09").mkdir()

    assert summary(rows(source)) == [
        ("s01.ipynb", "s01", "s01.ipynb"),
        ("s02.py", "s02", "s02.py"),
        ("s03.zip", "s03", "x/w.ipynb"),
        ("s04", "s04", "w.ipynb"),
        ("s05.tgz", "s05", "w.ipynb"),
        ("s06.pdf", "s06", "export-only"),
        ("s07.rar", "s07", "archive-foreign"),
        ("s08.zip", "s08", "archive-truncated"),
        ("s09", "s09", "no-notebook"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        pytest.param(
            "all.zip",
            zip_bytes({"s01.zip": zip_bytes({"w.ipynb": WORK}), "s02.zip": zip_bytes({"w.ipynb": WORK})}),
            [("s01.zip", "s01", "w.ipynb"), ("s02.zip", "s02", "w.ipynb")],
            id="zip-of-zips",
        ),
        pytest.param(
            "all.tar.gz",
            tar_bytes({"s01/w.ipynb": WORK, "s02/w.ipynb": WORK}),
            [("s01", "s01", "w.ipynb"), ("s02", "s02", "w.ipynb")],
            id="tar-of-folders",
        ),
        pytest.param(
            "all.zip",
            zip_bytes({"s01.ipynb": WORK, "s02.ipynb": OTHER_WORK}),
            [("s01.ipynb", "s01", "s01.ipynb"), ("s02.ipynb", "s02", "s02.ipynb")],
            id="zip-of-notebooks",
        ),
        pytest.param(
            "s01.zip", zip_bytes({"w.ipynb": WORK, "x.csv": b""}), [("s01.zip", "s01", "w.ipynb")], id="one-hand-in"
        ),
        pytest.param(
            "s01.zip",
            zip_bytes({"w.ipynb": WORK, "toys.zip": zip_bytes({"a.csv": b""})}),
            [("s01.zip", "s01", "w.ipynb")],
            id="one-hand-in-with-data",
        ),
        pytest.param(
            "s01.zip",
            zip_bytes({"inner.zip": zip_bytes({"w.ipynb": WORK})}),
            [("s01.zip", "s01", "inner.zip/w.ipynb")],
            id="zip-in-a-zip",
        ),
        pytest.param("s01.ipynb", WORK, [("s01.ipynb", "s01", "s01.ipynb")], id="notebook"),
        pytest.param("s01.py", b"x = 1", [("s01.py", "s01", "s01.py")], id="script"),
        pytest.param("s01", WORK, [("s01", "s01", "s01")], id="notebook-without-extension"),
        pytest.param("s01.ipynb", zip_bytes({"w.ipynb": WORK}), [("s01.ipynb", "s01", "w.ipynb")], id="zip-by-content"),
        pytest.param("s01.zip", WORK, [("s01.zip", "s01", "s01.zip")], id="notebook-called-zip"),
        pytest.param("s01.ipynb", b"<!DOCTYPE html>", [("s01.ipynb", "s01", "export-renamed")], id="web-page"),
        pytest.param(
            "s01.zip",
            zip_bytes({"w.ipynb": b"\n<html>", "w.py": b"x = 1"}),
            [("s01.zip", "s01", "w.py")],
            id="web-page-beside-a-script",
        ),
        pytest.param("s01.zip", b"PK\3\4broken", [("s01.zip", "s01", "archive-truncated")], id="broken-zip"),
        pytest.param("s01.tgz", b"\x1f\x8bbroken", [("s01.tgz", "s01", "archive-broken")], id="broken-tar"),
    ],
)
def test_every_kind_of_file_is_a_source(
    name: str, data: bytes, expected: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)

    assert summary(rows(tmp_path / name)) == expected


def test_archives_in_a_folder_are_opened_and_what_only_looks_like_one_is_not(tmp_path: Path) -> None:
    write(tmp_path, {"s01/w.zip": zip_bytes({"w.ipynb": WORK}), "s02/w.zip": b"words", "s03/w.zip": WORK})

    assert summary(rows(tmp_path)) == [
        ("s01", "s01", "w.zip/w.ipynb"),
        ("s02", "s02", "archive-truncated"),
        ("s03", "s03", "w.zip"),
    ]


def test_a_folder_taken_as_one_hand_in_is_one_row(tmp_path: Path) -> None:
    source = write(tmp_path / "s01", {"w.ipynb": WORK, "x.py": b"x = 1"})

    assert summary(rows(source, layout="single")) == [("s01", "s01", "w.ipynb")]


def test_people_without_a_hand_in_have_a_row_at_the_end(tmp_path: Path) -> None:
    source = write(tmp_path, {"s002.ipynb": WORK})
    roster = parse_roster("key,name,lms_id\ns001,Student A,7\ns002,Student B,8\n", where="r")

    found = rows(source, roster=roster)

    assert summary(found) == [("s002.ipynb", "s002", "s002.ipynb"), ("", "s001", "-")]
    assert found[0].name == "Student B"
    assert (found[1].name, found[1].digest, found[1].lms_id) == ("Student A", "", "7")


def test_names_that_look_the_same_stay_two_hand_ins(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"s01\xff.zip")).write_bytes(zip_bytes({"w.ipynb": WORK}))
    (tmp_path / os.fsdecode(b"s01\xfe.zip")).write_bytes(zip_bytes({"w.ipynb": OTHER_WORK}))

    found = rows(tmp_path)

    assert [(row.submission, row.student) for row in found] == [("s01\ufffd-2.zip", "s01-2"), ("s01\ufffd.zip", "s01")]
    assert len({row.digest for row in found}) == 2


def test_hand_ins_are_read_one_at_a_time_and_a_groups_work_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {f"g{number}.ipynb": WORK for number in range(3)})
    people = "key,group\nada,g0\nbob,g0\ncy,g1\n"
    read: list[str] = []
    take = batch_module._take

    def noted(hand_in: HandIn, limits: IntakeLimits, expectation: Expectation) -> object:
        read.append(hand_in.path)
        return take(hand_in, limits, expectation)

    monkeypatch.setattr(batch_module, "_take", noted)
    found = take_in(tmp_path, limits=LIMITS, expectation=EXPECTED, roster=parse_roster(people, where="people.csv"))
    seen = [(row.student, list(read)) for row in found]

    assert seen == [
        ("ada", ["g0.ipynb"]),
        ("bob", ["g0.ipynb"]),
        ("cy", ["g0.ipynb", "g1.ipynb"]),
        ("g2", ["g0.ipynb", "g1.ipynb", "g2.ipynb"]),
    ]


def test_a_groups_work_reaches_each_member(tmp_path: Path) -> None:
    source = write(tmp_path, {"s001.ipynb": WORK})
    roster = parse_roster("key,group\ns001,g\ns002,g\n", where="r")

    found = rows(source, roster=roster)

    assert [(row.key, row.group, row.submission) for row in found] == [
        ("s001", "g", "s001.ipynb"),
        ("s002", "g", "s001.ipynb"),
    ]
    assert found[0].notebook == found[1].notebook


def test_attempts_are_numbered_and_all_given_back(tmp_path: Path) -> None:
    source = write(tmp_path, {"s001 (1).ipynb": WORK, "s001.ipynb": OTHER_WORK})
    roster = parse_roster("key,deadline\ns001,2026-11-18T16:00\n", where="r")
    times = {"s001.ipynb": "2026-11-18T15:00", "s001 (1).ipynb": "2026-11-18T18:00"}

    found = rows(source, roster=roster, attempts="first", received=times)

    assert [(row.submission, row.key, row.attempt, row.hours_late) for row in found] == [
        ("s001 (1).ipynb", "s001.2", 2, 2.0),
        ("s001.ipynb", "s001.1", 1, -1.0),
    ]
    assert found[0].notes == ("This is attempt 2 of 2; the first one counts.",)
    assert found[0].flags == ("several-attempts",)


def test_the_digest_covers_the_bytes_handed_in(tmp_path: Path) -> None:
    packed = zip_bytes({"w.ipynb": WORK})
    write(tmp_path, {"a.zip": packed, "b/w.ipynb": WORK, "b/x.csv": b"1", "c/w.ipynb": WORK, "c/x.csv": b"1"})
    write(tmp_path, {"d/w.ipynb": WORK, "d/x.csv": b"2"})

    digests = {row.student: row.digest for row in rows(tmp_path)}

    assert digests["a"] == hashlib.sha256(packed).hexdigest()
    assert digests["b"] == digests["c"]
    assert digests["b"] != digests["d"]


def test_the_same_source_gives_the_same_rows(tmp_path: Path) -> None:
    source = write(tmp_path, {"a b.ipynb": WORK, "a-b.ipynb": WORK, "A B/w.ipynb": WORK})

    assert rows(source) == rows(source)


@pytest.mark.parametrize(
    "name", ["“a”.ipynb", "学生.ipynb", "a'b\"c.ipynb", "new\nline.ipynb", "a\\b.ipynb", " .ipynb"]
)
def test_odd_file_names_have_a_safe_key(name: str, tmp_path: Path) -> None:
    (row,) = rows(write(tmp_path, {name: WORK}))

    assert row.notebook is not None
    assert row.submission.isprintable()
    assert row.key.isascii()


def test_a_file_name_that_is_no_text_has_a_row(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"s01\xff.ipynb")).write_bytes(WORK)

    assert summary(rows(tmp_path)) == [("s01�.ipynb", "s01", "s01�.ipynb")]


def test_a_source_that_is_not_there_is_named_with_the_near_one(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()

    with pytest.raises(ConfigError) as caught:
        rows(tmp_path / "submisions")

    assert caught.value.code == "source-missing"
    assert "submissions" in caught.value.next_step


def test_a_source_in_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        rows(tmp_path / "none" / "x")

    assert caught.value.next_step == "Check the path."


def test_a_folder_that_may_not_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_module.os, "access", lambda *_: False)

    with pytest.raises(ConfigError) as caught:
        rows(tmp_path)

    assert caught.value.code == "source-unreadable"


def test_a_time_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        rows(tmp_path, received={"a.zip": "yesterday"})

    assert caught.value.code == "received-bad-time"


def test_a_fault_of_ours_in_one_hand_in_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(*arguments: object) -> object:
        monkeypatch.undo()
        raise ZeroDivisionError

    source = write(tmp_path, {"s01.ipynb": WORK, "s02.ipynb": WORK})
    monkeypatch.setattr(batch_module, "choose", choose)

    found = rows(source)

    assert summary(found) == [("s01.ipynb", "s01", "intake-fault"), ("s02.ipynb", "s02", "s02.ipynb")]
    assert found[0].flags == ("intake-fault",)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.binary(max_size=400) | st.binary(max_size=60).map(lambda tail: zip_bytes({"w.ipynb": WORK})[:-40] + tail),
    name=st.sampled_from(["a.zip", "a.ipynb", "a.py", "a.tar", "a.tgz", "a"]),
)
def test_any_bytes_are_one_row_without_a_fault(data: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)

    (row,) = rows(tmp_path / name)

    assert (row.notebook is None) != (row.refused is None)
    assert "intake-fault" not in row.flags


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    packed=st.sampled_from([zip_bytes({"a/w.ipynb": WORK, "b.py": b"x"}), tar_bytes({"w.ipynb": WORK}, packed=False)]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_an_archive_with_changed_bytes_is_read_or_refused_without_a_fault(
    packed: bytes, changes: list[tuple[float, int]], tmp_path: Path
) -> None:
    changed = bytearray(packed)
    for place, value in changes:
        changed[int(place * len(changed))] = value
    (tmp_path / "s01.zip").write_bytes(bytes(changed))

    assert all("intake-fault" not in row.flags for row in rows(tmp_path / "s01.zip"))
