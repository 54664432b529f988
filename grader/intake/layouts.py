"""How a folder or one large archive is parted into hand-ins.

A layout is a function in `LAYOUTS`. Those of learning-management systems take their place beside `auto`; they know the
time of a hand-in and the person's number, and put both into the `HandIn`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from grader.errors import ConfigError
from grader.intake.entries import Entry
from grader.intake.handins import HandIn
from grader.intake.kinds import ARCHIVES, READABLE, TEXTS, FileKind, is_set_aside, kind_by_name
from grader.intake.slugs import label_of, tokens_of

_HIDDEN = (".", "_")
_PASSED_OVER = (".md", ".txt", ".csv")
_BESIDE = frozenset({"readme", "requirements", "roster", "changelog", "license"})
"""Names of texts that lie beside hand-ins that are texts, too."""
_VERSION_WORDS = frozenset(
    {"final", "draft", "old", "new", "backup", "copy", "version", "solution", "solutions", "answer", "answers"}
    | {"test", "scratch", "part", "question"}
)
_VERSION = re.compile(r"v?[0-9]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a layout looks at."""

    entries: Sequence[Entry]
    is_folder: bool
    """True for a folder on disk; False for an archive, which may itself be one hand-in."""
    ignore: frozenset[str]
    """Names at the top that are no hand-ins."""
    fits: Callable[[Entry], bool]
    """True if the notebook or archive under this entry holds work on the coursework; reads it."""
    readable: frozenset[FileKind] = READABLE
    """The kinds of files that may be a hand-in."""


Layout = Callable[[Source], list[HandIn] | None]
"""Gives the hand-ins, or None if the whole source is one."""


def layout_named(name: str) -> Layout:
    """The layout of that name.

    Raises:
        ConfigError: there is none.
    """
    if name in LAYOUTS:
        return LAYOUTS[name]
    near = difflib.get_close_matches(name, LAYOUTS, n=1)
    raise ConfigError(
        "unknown-layout",
        f'There is no layout "{name}".',
        next_step=f'Did you mean "{near[0]}"?' if near else f"Take one of: {', '.join(sorted(LAYOUTS))}.",
    )


def auto(source: Source) -> list[HandIn] | None:
    """Each child of a folder is a hand-in; an archive is a batch if it plainly holds several people's work."""
    if source.is_folder:
        return _children(source, "")
    prefix = _common_folder(source.entries)
    return _children(source, prefix) if _is_batch(source, prefix) else None


def single(_: Source) -> list[HandIn] | None:
    """The whole source is one hand-in."""
    return None


def _children(source: Source, prefix: str) -> list[HandIn]:
    """A hand-in for each file and folder right below the prefix."""
    groups: dict[str, list[Entry]] = {}
    for entry in source.entries:
        if not entry.path.startswith(prefix) or entry.path + "/" == prefix:
            continue
        child = entry.path[len(prefix) :].partition("/")[0]
        groups.setdefault(child, []).append(entry)
    return [
        _hand_in(prefix, child, entries)
        for child, entries in sorted(groups.items())
        if not _is_passed_over(child, source)
    ]


def _hand_in(prefix: str, child: str, entries: list[Entry]) -> HandIn:
    path = prefix + child
    is_folder = any(entry.is_folder or entry.path != path for entry in entries)
    if is_folder:
        # Paths are relative to the hand-in; a problem of the folder itself keeps its place.
        entries = [
            replace(entry, path=entry.path[len(path) + 1 :] or child)
            for entry in entries
            if entry.path != path or entry.problem is not None
        ]
    return HandIn(path=path, label=child, entries=tuple(entries), is_folder=is_folder)


def hidden(source: Source) -> list[str]:
    """Names at the top that are passed over for how they begin alone, with work of a kind that is taken behind each."""
    prefix = "" if source.is_folder else _common_folder(source.entries)
    wanted = ARCHIVES | {FileKind.NOTEBOOK} | (TEXTS if source.readable >= TEXTS else frozenset())
    found = []
    for entry in source.entries:
        name, _, below = entry.path[len(prefix) :].partition("/")
        if (
            entry.path.startswith(prefix)
            and name.startswith(_HIDDEN)
            and name not in source.ignore
            and not _is_of_a_program(name)
            and not is_set_aside(below)
            and kind_by_name(entry.name) in wanted
            and not entry.is_folder
        ):
            found.append(name)
    return sorted(set(found))


def _is_of_a_program(name: str) -> bool:
    """True for what systems and editors leave, as `._cw.ipynb`, `.ipynb_checkpoints` and `__MACOSX`."""
    return name.startswith(("._", ".ipynb_checkpoints", "__"))


def _is_passed_over(name: str, source: Source) -> bool:
    """True for what lies beside hand-ins without being one."""
    if name in source.ignore or name.startswith(_HIDDEN):
        return True
    if source.readable >= TEXTS and kind_by_name(name) in TEXTS:
        return name.lower().partition(".")[0] in _BESIDE
    return name.lower().endswith(_PASSED_OVER) and kind_by_name(name) is not FileKind.NOTEBOOK


def _common_folder(entries: Sequence[Entry]) -> str:
    """The folder, with a slash at its end, that holds everything; empty if there is none."""
    files = [entry.path for entry in entries if not entry.is_folder and not _is_leaving(entry.path)]
    prefix = ""
    while files:
        child = files[0][len(prefix) :].partition("/")[0] + "/"
        if not all(path.startswith(prefix + child) for path in files):
            break
        prefix += child
    return prefix


def _is_batch(source: Source, prefix: str) -> bool:
    """True for several archives or folders with notebooks, or several people's notebooks side by side."""
    loose: list[Entry] = []
    folders: set[str] = set()
    archives: list[Entry] = []
    for entry in source.entries:
        kind = kind_by_name(entry.name)
        if entry.is_folder or not entry.path.startswith(prefix) or _is_leaving(entry.path):
            continue
        child, _, below = entry.path[len(prefix) :].partition("/")
        if _is_passed_over(child, source):
            continue
        if below and kind in ARCHIVES | {FileKind.NOTEBOOK}:
            folders.add(child)
        elif not below and kind in ARCHIVES:
            archives.append(entry)
        elif not below and kind in source.readable:
            loose.append(entry)
    if not loose:
        return len(folders) + len(archives) >= 2
    if len(folders) + len(archives) + len(loose) < 2:
        return False
    # A notebook with archives of data beside it is one hand-in, so each is looked into.
    people = {_owner(entry.name) for entry in (*loose, *archives) if source.fits(entry)}
    people.update(_owner(child) for child in folders)
    return len(people - {()}) >= 2


def _owner(name: str) -> tuple[str, ...]:
    """The words of a file name that may be a person's: no words and numbers for versions."""
    words = tokens_of(label_of(name).name)
    return tuple(word for word in words if word not in _VERSION_WORDS and not _VERSION.fullmatch(word))


def _is_leaving(path: str) -> bool:
    return (is_set_aside(path) and kind_by_name(path) not in ARCHIVES) or path.lower().startswith("__macosx/")


LAYOUTS: dict[str, Layout] = {"auto": auto, "single": single}
