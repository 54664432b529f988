"""Lists a folder on disk without following links, and reads its files within bounds."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Set
from pathlib import Path

from grader.errors import ArchiveError
from grader.intake.entries import Allowance, Entry, Problem, shown, too_large, unreadable

_MAX_DEPTH = 30

_LINK = Problem(
    code="folder-link",
    what="This is a link, and links are not followed.",
    next_step="Put the file itself there.",
    hostile=True,
)
_SPECIAL = Problem(
    code="folder-special-file",
    what="This is neither a file nor a folder.",
    next_step="Put an ordinary file there.",
    hostile=True,
)
_FORBIDDEN = Problem(
    code="folder-unreadable",
    what="The folder may not be read by the account that grades.",
    next_step="Change the permissions of the folder and run the grader again.",
    hostile=False,
)
_TOO_DEEP = Problem(
    code="folder-too-deep",
    what=f"Folders lie in each other more than {_MAX_DEPTH} deep.",
    next_step="Put the notebook near the top.",
    hostile=True,
)


def list_folder(folder: Path, *, limit_bytes: int) -> list[Entry]:
    """Everything below the folder, sorted by path; nothing is opened yet.

    Args:
        folder: an existing folder.
        limit_bytes: ceiling for one file when it is read.
    """
    return sorted(_walk(folder, "", limit_bytes, 0), key=lambda entry: entry.path)


def _walk(folder: Path, prefix: str, limit_bytes: int, depth: int) -> Iterator[Entry]:
    taken: set[str] = set()
    with os.scandir(folder) as children:
        for child in sorted(children, key=lambda one: os.fsencode(one.name)):
            # Names may hold bytes that are no UTF-8; they are shown with replacement characters.
            name = _unlike(shown(os.fsencode(child.name).decode("utf-8", "replace")), taken)
            taken.add(name)
            path = prefix + name
            if child.is_symlink():
                yield Entry(path=path, read=unreadable, problem=_LINK)
            elif child.is_dir(follow_symlinks=False):
                yield from _walk_child(Path(child.path), path, limit_bytes, depth + 1)
            elif child.is_file(follow_symlinks=False):
                yield Entry(path=path, read=_reader(Path(child.path), limit_bytes, path))
            else:
                yield Entry(path=path, read=unreadable, problem=_SPECIAL)


def _unlike(name: str, taken: Set[str]) -> str:
    """The name, numbered where another one in the folder is shown alike: they are the work of two people."""
    stem, point, ending = name.partition(".")
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{stem}-{number}{point}{ending}", number + 1
    return candidate


def _walk_child(folder: Path, path: str, limit_bytes: int, depth: int) -> Iterator[Entry]:
    if depth > _MAX_DEPTH:
        yield Entry(path=path, read=unreadable, problem=_TOO_DEEP)
        return
    yield Entry(path=path, read=unreadable, is_folder=True)
    try:
        yield from _walk(folder, f"{path}/", limit_bytes, depth)
    except PermissionError:
        yield Entry(path=f"{path}/…", read=unreadable, problem=_FORBIDDEN)


def _reader(file: Path, limit_bytes: int, shown_path: str) -> Callable[[Allowance], bytes]:
    def read(allowance: Allowance) -> bytes:
        data = read_file(file, limit_bytes=limit_bytes, where=shown_path)
        allowance.take_bytes(len(data), where=shown_path)
        return data

    return read


def read_file(file: Path, *, limit_bytes: int, where: str) -> bytes:
    """The bytes of an ordinary file.

    Args:
        file: path on this machine; a link is refused, a pipe is not waited for.
        limit_bytes: a larger file is refused.
        where: what messages call the file.

    Raises:
        ArchiveError: it is no ordinary file, too large, or may not be read.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise _cannot_open(where, error) from error
    with os.fdopen(descriptor, "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ArchiveError(_SPECIAL.code, _SPECIAL.what, where=where, next_step=_SPECIAL.next_step)
        # Asked for more than there is, `read` would set the memory for all of it aside.
        data = b"" if status.st_size > limit_bytes else opened.read(status.st_size + 1)
    if max(status.st_size, len(data)) > limit_bytes:
        raise too_large(where, limit_bytes)
    return data


def _cannot_open(where: str, error: OSError) -> ArchiveError:
    return ArchiveError(
        "file-unreadable",
        f"The file cannot be opened ({error.strerror or 'no reason given'}).",
        where=where,
        next_step="Change the permissions of the file and run the grader again.",
    )
