"""The list of people who take the course: who they are, when they have to hand in, with whom."""

from __future__ import annotations

import csv
import difflib
import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from grader.errors import ConfigError
from grader.intake.decoding import decode, unix_lines

COLUMNS = ("key", "name", "email", "lms_id", "group", "deadline", "extension_hours")
_MAX_BYTES = 16 * 1024 * 1024
_MAX_EXTENSION_HOURS = 24.0 * 366 * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of the roster."""

    key: str
    """What the course calls the person; unique without regard to case."""
    name: str
    """The key where the roster gives no name."""
    email: str | None = None
    lms_id: str | None = None
    group: str | None = None
    deadline: datetime | None = None
    """With a time zone; one without was taken as UTC."""
    extension_hours: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """The people in the order of the file."""

    people: tuple[Person, ...]


def load_roster(path: Path) -> Roster:
    """The roster in a CSV file, separated by commas, semicolons or tabs.

    Raises:
        ConfigError: the file is not there or a line cannot be understood; the message names the line.
    """
    try:
        with path.open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            "roster-unreadable",
            f"The roster cannot be read ({error.strerror or 'no reason given'}).",
            where=str(path),
            next_step="Check the path after --roster.",
        ) from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(
            "roster-too-large",
            f"The roster is larger than {_MAX_BYTES:,} bytes.",
            where=str(path),
            next_step="Check that the path after --roster is the list of people.",
        )
    return parse_roster(unix_lines(decode(data).text), where=path.name)


def parse_roster(text: str, *, where: str) -> Roster:
    """The roster in the text of a CSV file.

    Args:
        text: the file's content.
        where: what messages call the file.

    Raises:
        ConfigError: a line cannot be understood.
    """
    header, _, _ = text.partition("\n")
    # The first separator wins a tie, so a header of one column is read as commas.
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    people: list[Person] = []
    columns: list[str] = []
    lines_by_key: dict[str, int] = {}
    try:
        for row in reader:
            place = f"{where}, line {reader.line_num}"
            if not any(field.strip() for field in row):
                continue
            if not columns:
                columns = _columns(row, place)
                continue
            person = _person(columns, row, place)
            earlier = lines_by_key.setdefault(person.key.casefold(), reader.line_num)
            if earlier != reader.line_num:
                raise _bad("roster-duplicate-key", f'The key "{person.key}" already stands in line {earlier}.', place)
            people.append(person)
    except csv.Error as error:
        raise _bad("roster-bad-row", f"The line is no CSV: {error}.", f"{where}, line {reader.line_num}") from error
    if not columns:
        raise _bad("roster-bad-header", "The roster is empty; its first line has to name the columns.", where)
    return Roster(people=tuple(people))


def _columns(row: list[str], place: str) -> list[str]:
    columns = [field.strip().lower().replace(" ", "_") for field in row]
    for column in columns:
        if column not in COLUMNS:
            near = difflib.get_close_matches(column, COLUMNS, n=1)
            step = f'Did you mean "{near[0]}"?' if near else f"The columns are: {', '.join(COLUMNS)}."
            raise ConfigError("roster-bad-header", f'There is no column "{column[:60]}".', where=place, next_step=step)
    if "key" not in columns:
        raise _bad("roster-bad-header", 'The column "key" is missing.', place)
    if len(set(columns)) < len(columns):
        raise _bad("roster-bad-header", "A column stands in the header twice.", place)
    return columns


def _person(columns: list[str], row: list[str], place: str) -> Person:
    if len(row) > len(columns) and any(field.strip() for field in row[len(columns) :]):
        raise _bad("roster-bad-row", f"The line has {len(row)} fields, the header {len(columns)}.", place)
    fields = {column: field.strip() for column, field in zip(columns, row, strict=False)}
    key = fields.get("key", "")
    if not key:
        raise _bad("roster-no-key", "The line has no key.", place)
    return Person(
        key=key,
        name=fields.get("name") or key,
        email=fields.get("email") or None,
        lms_id=fields.get("lms_id") or None,
        group=fields.get("group") or None,
        deadline=_deadline(fields.get("deadline", ""), place),
        extension_hours=_hours(fields.get("extension_hours", ""), place),
    )


def _deadline(text: str, place: str) -> datetime | None:
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise ConfigError(
            "roster-bad-date",
            f'"{text[:60]}" is no date.',
            where=place,
            next_step="Write 2026-11-18, 2026-11-18 16:00 or 2026-11-18T16:00+01:00.",
        ) from error


def _hours(text: str, place: str) -> float:
    if not text:
        return 0.0
    try:
        hours = float(text.replace(",", "."))
    except ValueError:
        hours = math.nan
    if not 0 <= hours <= _MAX_EXTENSION_HOURS:
        raise ConfigError(
            "roster-bad-number",
            f'"{text[:60]}" is no number of hours.',
            where=place,
            next_step="Write the hours as a number from 0, for example 24 or 1.5.",
        )
    return hours


def parse_time(text: str) -> datetime:
    """The moment that an ISO 8601 text means; a day alone means its end, no time zone means UTC.

    Raises:
        ValueError: the text is no date.
    """
    moment = datetime.fromisoformat(text)
    if len(text) == len("2026-11-18"):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _bad(code: str, what: str, place: str) -> ConfigError:
    return ConfigError(code, what, where=place, next_step="Correct the line and run the command again.")
