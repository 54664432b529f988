"""The roster is read from any spreadsheet's CSV, and its faults are named with their line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import ConfigError
from grader.intake import Person, load_roster, parse_roster

FULL = (
    "key,name,email,lms_id,group,deadline,extension_hours\n"
    's001,"A, student",a@example.org,17,g1,2026-11-18T16:00+01:00,24\n'
)


def test_every_column_is_read() -> None:
    roster = parse_roster(FULL, where="roster.csv")

    deadline = datetime(2026, 11, 18, 16, tzinfo=timezone(timedelta(hours=1)))
    assert roster.people == (
        Person(
            key="s001",
            name="A, student",
            email="a@example.org",
            lms_id="17",
            group="g1",
            deadline=deadline,
            extension_hours=24.0,
        ),
    )


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(FULL.encode("utf-8-sig"), id="bom"),
        pytest.param(FULL.encode("utf-16"), id="utf-16"),
        pytest.param(FULL.replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(FULL.replace(",", ";").replace("A; ", "A, ").encode(), id="semicolons"),
        pytest.param(FULL.replace("A, student", "A student").replace(",", "\t").encode(), id="tabs"),
        pytest.param(FULL.replace("key,name", " KEY , Name").encode(), id="header-in-capitals"),
        pytest.param((FULL + "\n,,\n").encode(), id="blank-lines"),
    ],
)
def test_the_same_roster_is_read_from_every_program(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes(data)

    people = load_roster(path).people

    assert [(person.key, person.extension_hours) for person in people] == [("s001", 24.0)]


def test_only_the_key_is_required() -> None:
    people = parse_roster("key\ns001\ns002\n", where="roster.csv").people

    assert people[1] == Person(key="s002", name="s002")


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("2026-11-18", datetime(2026, 11, 18, 23, 59, 59, tzinfo=UTC)),
        ("2026-11-18 16:00", datetime(2026, 11, 18, 16, tzinfo=UTC)),
        ("2026-11-18T16:00Z", datetime(2026, 11, 18, 16, tzinfo=UTC)),
    ],
)
def test_a_day_lasts_to_its_end_and_no_zone_is_utc(text: str, deadline: datetime) -> None:
    assert parse_roster(f"key,deadline\ns001,{text}\n", where="r").people[0].deadline == deadline


@pytest.mark.parametrize(
    ("text", "code", "where", "next_step"),
    [
        pytest.param("", "roster-bad-header", "r.csv", "", id="empty"),
        pytest.param("name\nx\n", "roster-bad-header", "line 1", "", id="no-key-column"),
        pytest.param("key,emial\nx,y\n", "roster-bad-header", "line 1", '"email"', id="misspelt"),
        pytest.param("key,shoe size\nx,y\n", "roster-bad-header", "line 1", "columns are", id="unknown"),
        pytest.param("key,key\nx,y\n", "roster-bad-header", "line 1", "", id="twice"),
        pytest.param("key,name\nx,y\n\n,z\n", "roster-no-key", "line 4", "", id="no-key"),
        pytest.param("key\nx\nX\n", "roster-duplicate-key", "line 3", "", id="duplicate"),
        pytest.param("key,name\nx,y,z\n", "roster-bad-row", "line 2", "", id="too-many-fields"),
        pytest.param('key,name\nx,"y\n', "roster-bad-row", "line 2", "", id="open-quote"),
        pytest.param("key,deadline\nx,18.11.2026\n", "roster-bad-date", "line 2", "2026-11-18", id="date"),
        pytest.param("key,extension_hours\nx,soon\n", "roster-bad-number", "line 2", "hours", id="no-number"),
        pytest.param("key,extension_hours\nx,nan\n", "roster-bad-number", "line 2", "hours", id="nan"),
        pytest.param("key,extension_hours\nx,-1\n", "roster-bad-number", "line 2", "hours", id="negative"),
        pytest.param("key,extension_hours\nx,1e9\n", "roster-bad-number", "line 2", "hours", id="too-long"),
    ],
)
def test_a_fault_is_named_with_its_line(text: str, code: str, where: str, next_step: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_roster(text, where="r.csv")

    assert caught.value.code == code
    assert where in caught.value.where
    assert next_step in caught.value.next_step


def test_a_roster_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load_roster(tmp_path / "none.csv")

    assert caught.value.code == "roster-unreadable"


def test_a_huge_roster_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    with path.open("wb") as opened:
        opened.truncate(17 * 1024 * 1024)

    with pytest.raises(ConfigError) as caught:
        load_roster(path)

    assert caught.value.code == "roster-too-large"


@settings(deadline=None)
@given(st.text(alphabet='key,;"\n\r\0deadline1-é', max_size=80))
def test_any_text_is_a_roster_or_refused(text: str) -> None:
    try:
        people = parse_roster(text, where="r.csv").people
    except ConfigError as error:
        assert error.code.startswith("roster-")  # noqa: PT017 - both ends are right
    else:
        assert all(person.key for person in people)
