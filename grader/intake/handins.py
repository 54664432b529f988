"""One hand-in of a batch, still packed, and what is found when it is unpacked."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field

from grader.errors import ArchiveError
from grader.intake.entries import Allowance, Entry, Problem
from grader.intake.kinds import ARCHIVES, READABLE, TEXTS, FileKind, is_set_aside, kind_by_content, kind_by_name
from grader.intake.tar_reader import list_tar
from grader.intake.zip_reader import list_zip
from grader.limits import IntakeLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """What one person (or group) handed in."""

    path: str
    """Path inside the input."""
    label: str
    """The file or folder name that tells whose it is."""
    entries: tuple[Entry, ...]
    """One file, or everything in one folder, with paths relative to the folder."""
    is_folder: bool
    received: str | None = None
    """ISO 8601 time, where the layout knows it."""
    lms_id: str | None = None
    """The person's number in the LMS, where the layout knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may be the one to grade, or an archive that may hold it."""

    path: str
    kind: FileKind
    data: bytes


@dataclass(slots=True)
class Unpacked:
    """What a hand-in holds."""

    digest: str = ""
    """SHA-256 of the bytes handed in; empty if they could not be read."""
    candidates: list[Candidate] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """Paths of files that are no candidates."""
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    """Entries that were not read, with the reason."""
    readable: frozenset[FileKind] = READABLE
    """The kinds that are candidates."""


def unpack(hand_in: HandIn, limits: IntakeLimits, *, texts: bool = False) -> Unpacked:
    """The candidates in a hand-in, nested archives included, all in memory and within the limits.

    Faults of single entries are noted in the record; the caller decides whether they matter.

    Args:
        hand_in: as it was handed in.
        limits: ceilings for it.
        texts: True if a text without marks may be the work, too.
    """
    allowance = Allowance(limits)
    found = Unpacked(readable=READABLE | TEXTS if texts else READABLE)
    if hand_in.is_folder:
        _unpack_folder(hand_in, allowance, found)
    else:
        _unpack_file(hand_in, allowance, found)
    return found


def _unpack_file(hand_in: HandIn, allowance: Allowance, found: Unpacked) -> None:
    entry = hand_in.entries[0]
    data = _read(entry, Allowance(_for_archive(allowance.limits)), found, entry.path)
    if data is None:
        return
    found.digest = hashlib.sha256(data).hexdigest()
    kind = kind_by_content(entry.name, data)
    if kind in ARCHIVES:
        _open_archive(Candidate(path=entry.name, kind=kind, data=data), allowance, found, level=0)
    else:
        _sort_in(entry.name, kind, data, found)


def _for_archive(limits: IntakeLimits) -> IntakeLimits:
    """The packed bytes of a hand-in do not count as unpacked ones."""
    return limits.model_copy(update={"unpacked_bytes": max(limits.unpacked_bytes, limits.archive_bytes)})


def _unpack_folder(hand_in: HandIn, allowance: Allowance, found: Unpacked) -> None:
    """Takes the candidates of a folder; its digest covers every file that could be read."""
    try:
        allowance.take_members(len(hand_in.entries), where=hand_in.path)
    except ArchiveError as error:
        found.problems.append((hand_in.path, _as_problem(error)))
        return
    digests: dict[str, str] = {}
    nested: list[Candidate] = []
    for entry in sorted(hand_in.entries, key=_reading_order):
        if entry.is_folder and entry.problem is None:
            continue
        kind = kind_by_name(entry.name)
        wanted = kind in ARCHIVES | found.readable or entry.problem is not None
        # Data beside the notebook only enters the digest; too much of it is no fault of the hand-in.
        data = _read(entry, allowance, found if wanted else Unpacked(), entry.path)
        digests[entry.path] = "" if data is None else hashlib.sha256(data).hexdigest()
        if data is not None and _is_packed(entry.name, kind, data, found):
            nested.append(Candidate(path=entry.path, kind=kind_by_content(entry.name, data), data=data))
        elif data is not None or not wanted:
            _sort_in(entry.path, kind, data or b"", found)
    listed = "".join(f"{path}\0{digests[path]}\0" for path in sorted(digests))
    found.digest = hashlib.sha256(listed.encode()).hexdigest()
    for archive in nested:
        _open_nested(archive, allowance, found, level=1)


def _reading_order(entry: Entry) -> tuple[bool, int, str]:
    """The files that matter most come first, so that nothing else can use up what may be unpacked."""
    kind = kind_by_name(entry.name)
    ranks = (FileKind.NOTEBOOK, FileKind.SCRIPT, FileKind.TEXT)
    rank = ranks.index(kind) if kind in ranks else 3 if kind in ARCHIVES else 4
    return is_set_aside(entry.path), rank, entry.path


def _open_archive(archive: Candidate, allowance: Allowance, found: Unpacked, *, level: int) -> None:
    """Takes the candidates of an archive: first its files, then the archives inside it."""
    try:
        entries = _list_archive(archive, allowance, found.readable)
    except ArchiveError as error:
        found.problems.append((archive.path, _as_problem(error)))
        return
    nested: list[Candidate] = []
    for entry in sorted(entries, key=_reading_order):
        path = f"{archive.path}/{entry.path}" if level else entry.path
        kind = kind_by_name(entry.name)
        if entry.problem is None and (entry.is_folder or kind not in ARCHIVES | found.readable):
            found.other.extend(() if entry.is_folder else (path,))
            continue
        data = _read(entry, allowance, found, path)
        if data is None:
            continue
        if _is_packed(entry.name, kind, data, found):
            nested.append(Candidate(path=path, kind=kind_by_content(entry.name, data), data=data))
        else:
            _sort_in(path, kind, data, found)
    for inner in nested:
        _open_nested(inner, allowance, found, level=level + 1)


def _is_packed(name: str, kind: FileKind, data: bytes, found: Unpacked) -> bool:
    """True for archives, and for what should be the work and is an archive by its content; data may be one unopened."""
    return kind in ARCHIVES or (kind in found.readable and kind_by_content(name, data) in ARCHIVES)


def _open_nested(archive: Candidate, allowance: Allowance, found: Unpacked, *, level: int) -> None:
    if archive.kind not in ARCHIVES or is_set_aside(archive.path):
        _sort_in(archive.path, archive.kind, archive.data, found)
    elif level > allowance.limits.nesting:
        found.problems.append((archive.path, _TOO_NESTED))
    else:
        _open_archive(archive, allowance, found, level=level)


def _list_archive(archive: Candidate, allowance: Allowance, readable: frozenset[FileKind]) -> list[Entry]:
    if archive.kind is FileKind.TAR:
        return list_tar(archive.data, allowance, where=archive.path, readable=readable)
    limits = allowance.limits
    file = io.BytesIO(archive.data)
    entries = list_zip(file, limits=limits, max_members=limits.members, where=archive.path)
    allowance.take_members(len(entries), where=archive.path)
    return entries


def _sort_in(path: str, kind: FileKind, data: bytes, found: Unpacked) -> None:
    # A page saved from the web under the name of the notebook is no damaged notebook.
    if kind in found.readable and kind_by_content(path, data) is not FileKind.EXPORT:
        found.candidates.append(Candidate(path=path, kind=kind, data=data))
    else:
        found.other.append(path)


def _read(entry: Entry, allowance: Allowance, found: Unpacked, path: str) -> bytes | None:
    """The entry's bytes, or None with the problem noted."""
    if entry.problem is not None:
        found.problems.append((path, entry.problem))
        return None
    try:
        return entry.read(allowance)
    except ArchiveError as error:
        found.problems.append((path, _as_problem(error)))
        return None


_HOSTILE_CODES = frozenset({"archive-bomb", "archive-wrong-size", "archive-too-large", "archive-too-many-members"})
_TOO_NESTED = Problem(
    code="archive-too-nested",
    what="Archives lie in each other too deep to be opened.",
    next_step="Hand in the notebook alone, or one archive with the notebook in it.",
    hostile=True,
)


def _as_problem(error: ArchiveError) -> Problem:
    hostile = error.code in _HOSTILE_CODES
    return Problem(code=error.code, what=error.what, next_step=error.next_step, hostile=hostile)
