"""Takes in a batch: finds the hand-ins, reads each, and gives everybody a row."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Literal

from grader.errors import ArchiveError, ConfigError
from grader.intake.choice import Choice, choose
from grader.intake.entries import Allowance, Entry, shown
from grader.intake.expectation import Expectation, fit_of
from grader.intake.folder_reader import list_folder, read_file
from grader.intake.handins import HandIn, unpack
from grader.intake.kinds import READABLE, TEXTS, FileKind, kind_by_content
from grader.intake.layouts import Layout, Source, hidden, layout_named
from grader.intake.people import Owner, hours_late, owners_of
from grader.intake.roster import Roster, parse_time
from grader.intake.tar_reader import list_tar
from grader.intake.zip_reader import list_zip
from grader.limits import IntakeLimits
from grader.records import Reason, Submission

_BATCH_FACTOR = 100
"""By how much an archive with the work of a whole course may hold more entries than one hand-in."""
_FITTING_SHARE = 0.3
_MOST_NAMED = 5

Attempts = Literal["last", "first", "best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What one hand-in came to, whoever it belongs to."""

    choice: Choice
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A row to be: somebody's hand-in, or somebody without one."""

    owner: Owner
    hand_in: HandIn | None
    attempt: int
    key: str

    @property
    def path(self) -> str:
        """Of the hand-in, inside the source."""
        return "" if self.hand_in is None else self.hand_in.path


def take_in(
    source: Path,
    *,
    limits: IntakeLimits,
    expectation: Expectation,
    roster: Roster | None = None,
    layout: str = "auto",
    attempts: Attempts = "last",
    ignore: frozenset[str] = frozenset(),
    received: Mapping[str, str] | None = None,
    note: Callable[[str], None] | None = None,
) -> Iterator[Submission]:
    """Every hand-in of the source as a record, sorted by its path; people without one come last.

    What cannot be read is a record with `refused` set, never an exception and never missing. Nothing is run, unpacked
    to disk or reached through a link. Each is read when it is asked for, since all of them together may not fit.

    Args:
        source: a folder of hand-ins, an archive of hand-ins, an archive that is one hand-in, a notebook or a script.
        limits: ceilings for each hand-in.
        expectation: what the coursework's notebook looks like.
        roster: who is expected; without it, people are named after their files.
        layout: how the source is parted into hand-ins.
        attempts: which of several attempts the rubric counts; only said in the notes, all are given back.
        ignore: names at the top of the source that are no hand-ins.
        received: ISO 8601 times by the path of the hand-in, where they are known.
        note: is told in a sentence what looks like a hand-in and was passed over.

    Raises:
        ConfigError: the source, the layout or a time in `received` cannot be used.
    """
    part = layout_named(layout)
    times = dict(received or {})
    for path, moment in times.items():
        _check_time(moment, path)
    _check_source(source)
    with _hand_ins(source, part, limits, expectation, ignore) as (found, passed_over):
        if passed_over and note is not None:
            note(_passed_over_in_words(passed_over))
        timed = [replace(one, received=times.get(one.path, one.received)) for one in found]
        places = [place for owner in owners_of(timed, roster) for place in _places(owner)]
        places.sort(key=lambda place: (place.hand_in is None, place.path, place.key))
        for _, same in groupby(places, key=lambda place: place.path):
            taken: dict[int, _Taken] = {}  # a group's work is read once for its members
            for place in same:
                one = place.hand_in
                if one is not None and id(one) not in taken:
                    taken[id(one)] = _take(one, limits, expectation)
                yield _row(place, taken.get(id(one)), attempts)


def _check_source(source: Path) -> None:
    if source.is_dir() or source.is_file():
        if source.is_dir() and not os.access(source, os.R_OK | os.X_OK):
            raise ConfigError(
                "source-unreadable",
                "The folder of submissions may not be read.",
                where=str(source),
                next_step="Change its permissions and run the command again.",
            )
        return
    near: list[str] = []
    if source.parent.is_dir():
        near = difflib.get_close_matches(source.name, sorted(child.name for child in source.parent.iterdir()), n=1)
    raise ConfigError(
        "source-missing",
        "The submissions are not there.",
        where=str(source),
        next_step=f'Did you mean "{source.parent / near[0]}"?' if near else "Check the path.",
    )


def _check_time(text: str, path: str) -> None:
    try:
        parse_time(text)
    except ValueError as error:
        raise ConfigError(
            "received-bad-time",
            f'"{text[:60]}" is no date.',
            where=path,
            next_step="Write times as 2026-11-18T16:00+01:00.",
        ) from error


@contextmanager
def _hand_ins(
    source: Path, part: Layout, limits: IntakeLimits, expectation: Expectation, ignore: frozenset[str]
) -> Iterator[tuple[list[HandIn], list[str]]]:
    """The hand-ins of the source, and what was passed over; entries can be read as long as the context lasts."""

    readable = READABLE | TEXTS if expectation.texts else READABLE

    def fits(entry: Entry) -> bool:
        return _fits(entry, limits, expectation)

    whole = HandIn(
        path=shown(source.name),
        label=source.name,
        entries=(Entry(path=shown(source.name), read=lambda _: _read_source(source, limits)),),
        is_folder=False,
    )
    if source.is_dir():
        entries = list_folder(source, limit_bytes=limits.archive_bytes)
        content = Source(entries=entries, is_folder=True, ignore=ignore, fits=fits, readable=readable)
        parted = part(content)
        if parted is None:
            yield [replace(whole, entries=tuple(entries), is_folder=True)], []
        else:
            yield parted, hidden(content)
        return
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(source.open("rb"))
            entries = _entries_of(opened, source, limits, readable)
        except (OSError, ArchiveError):
            # Taken as one hand-in, it is refused with the reason.
            entries = []
        content = Source(entries=entries, is_folder=False, ignore=ignore, fits=fits, readable=readable)
        parted = part(content) if entries else None
        if parted is None:
            yield [whole], []
        else:
            yield parted, hidden(content)


def _passed_over_in_words(names: Sequence[str]) -> str:
    named = ", ".join(f'"{shown(name)}"' for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f'{named}{more} passed over: names that begin with "." or "_" are no hand-ins; to grade them, rename them'


def _entries_of(opened: BinaryIO, source: Path, limits: IntakeLimits, readable: frozenset[FileKind]) -> list[Entry]:
    """The entries of an archive that may hold the work of a whole course; none for anything else."""
    kind = kind_by_content(source.name, opened.read(512))
    if kind is FileKind.TAR:
        return list_tar(_read_source(source, limits), Allowance(limits), where=source.name, readable=readable)
    if kind is not FileKind.ZIP:
        return []
    # In a batch each member is a whole hand-in, so it may be as large as one.
    roomy = limits.model_copy(update={"member_bytes": limits.archive_bytes})
    return list_zip(opened, limits=roomy, max_members=limits.members * _BATCH_FACTOR, where=source.name)


def _read_source(source: Path, limits: IntakeLimits) -> bytes:
    # Only the instructor's own path may be a link.
    return read_file(source.resolve(), limit_bytes=limits.archive_bytes, where=source.name)


def _fits(entry: Entry, limits: IntakeLimits, expectation: Expectation) -> bool:
    alone = HandIn(path=entry.path, label=entry.name, entries=(entry,), is_folder=False)
    notebook = choose(unpack(alone, limits, texts=expectation.texts), expectation, limits).notebook
    return notebook is not None and fit_of(notebook, expectation).share >= _FITTING_SHARE


def _take(hand_in: HandIn, limits: IntakeLimits, expectation: Expectation) -> _Taken:
    try:
        unpacked = unpack(hand_in, limits, texts=expectation.texts)
        return _Taken(choice=choose(unpacked, expectation, limits), digest=unpacked.digest)
    except Exception as error:  # noqa: BLE001 - one of the named guards: a submission in a batch
        reason = Reason(
            code="intake-fault",
            what=f"The grader failed while reading the hand-in ({type(error).__name__}). This is no fault of yours.",
            where=shown(hand_in.path),
            next_step="Tell the course staff; they have to report it.",
        )
        return _Taken(choice=Choice(refused=reason, flags=("intake-fault",)), digest="")


def _places(owner: Owner) -> Iterator[_Place]:
    several = len(owner.hand_ins) > 1
    for number, hand_in in enumerate(owner.hand_ins, start=1):
        key = f"{owner.slug}.{number}" if several else owner.slug
        yield _Place(owner=owner, hand_in=hand_in, attempt=number, key=key)
    if not owner.hand_ins:
        yield _Place(owner=owner, hand_in=None, attempt=1, key=owner.slug)


def _row(place: _Place, taken: _Taken | None, attempts: Attempts) -> Submission:
    owner, hand_in = place.owner, place.hand_in
    person = owner.person
    group = person.group if person else None
    lms_id = person.lms_id if person else None
    name = shown(owner.name)
    if hand_in is None or taken is None:
        return Submission(
            student=owner.slug, name=name, submission="", key=place.key, flags=owner.flags, lms_id=lms_id, group=group
        )
    choice = taken.choice
    several = ("several-attempts",) if len(owner.hand_ins) > 1 else ()
    return Submission(
        student=owner.slug,
        name=name,
        submission=hand_in.path,
        key=place.key,
        attempt=place.attempt,
        digest=taken.digest,
        notebook=choice.notebook,
        refused=choice.refused,
        notes=(*_attempt_notes(owner.hand_ins, place.attempt, attempts), *choice.notes),
        flags=(*owner.flags, *several, *choice.flags),
        received=hand_in.received,
        hours_late=hours_late(hand_in.received, person),
        lms_id=lms_id if person else hand_in.lms_id,
        group=group,
    )


def _attempt_notes(hand_ins: Sequence[HandIn], number: int, attempts: Attempts) -> tuple[str, ...]:
    if len(hand_ins) == 1:
        return ()
    return (f"This is attempt {number} of {len(hand_ins)}; the {attempts} one counts.",)
