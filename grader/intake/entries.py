"""What a folder or an archive holds, listed before anything is unpacked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.errors import ArchiveError
from grader.limits import MIB, IntakeLimits

CHUNK_BYTES = 64 * 1024
_MAX_PATH_CHARS = 1000
RATIO_FREE_BYTES = MIB
"""Below this size a member may be packed as tightly as it likes: it can do no harm."""


class Allowance:
    """What one hand-in may still unpack, all its nested archives together.

    Args:
        limits: the ceilings.
    """

    def __init__(self, limits: IntakeLimits) -> None:
        self.limits = limits
        self._bytes_left = limits.unpacked_bytes
        self._members_left = limits.members

    def take_bytes(self, count: int, *, where: str) -> None:
        """Books bytes that were really unpacked.

        Raises:
            ArchiveError: the hand-in unpacks to more than it may.
        """
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise ArchiveError(
                "archive-too-large",
                f"The hand-in unpacks to more than {size_text(self.limits.unpacked_bytes)}.",
                where=where,
                next_step="Hand in the notebook alone, without data and trained models.",
            )

    def take_members(self, count: int, *, where: str) -> None:
        """Books the entries of an archive or a folder.

        Raises:
            ArchiveError: the hand-in has more entries than it may.
        """
        self._members_left -= count
        if self._members_left < 0:
            raise ArchiveError(
                "archive-too-many-members",
                f"The hand-in holds more than {self.limits.members:,} files and folders.",
                where=where,
                next_step="Hand in the notebook alone, without data.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why an entry is not read."""

    code: str
    what: str
    """A sentence for the student."""
    next_step: str
    hostile: bool
    """True for what no ordinary archiver writes: links, traversal, bombs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or folder inside a source, a hand-in or an archive."""

    path: str
    """Relative path with forward slashes, free of `..`, drives and unprintable characters."""
    read: Callable[[Allowance], bytes]
    """Gives the bytes, never more than the allowance; raises ArchiveError."""
    is_folder: bool = False
    problem: Problem | None = None
    """Set if the entry must not be read."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def unreadable(_: Allowance) -> bytes:
    """Stands where an entry has nothing to read, such as a folder."""
    raise ArchiveError("entry-not-a-file", "This entry is not a file.", next_step="Hand in the notebook itself.")


def member_problem_error(problem: Problem, where: str) -> ArchiveError:
    """The exception that says the same as the problem."""
    return ArchiveError(problem.code, problem.what, where=where, next_step=problem.next_step)


def too_large(path: str, limit_bytes: int) -> ArchiveError:
    """The exception for one file above its ceiling."""
    return ArchiveError(
        "file-too-large",
        f"The file is larger than {size_text(limit_bytes)}.",
        where=path,
        next_step="Clear the outputs of the notebook, leave data out, and hand it in again.",
    )


def size_text(count: int) -> str:
    """A size as people say it."""
    return f"{count / MIB:,.0f} MiB" if count >= MIB else f"{count:,} bytes"


def safe_path(raw: str) -> tuple[str, Problem | None]:
    """A path that can be shown and compared (empty for the root), with the problem if the raw one leads outside.

    Nothing is ever written under such a path; the problem is raised because an archive with such a name was not
    made by an ordinary archiver, and what it meant to replace is not ours to guess.
    """
    slashed = raw.replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    path = "/".join(shown(part) for part in parts if part != "..")
    if len(path) > _MAX_PATH_CHARS:
        path = f"{path[: _MAX_PATH_CHARS // 2]}…{path[-_MAX_PATH_CHARS // 2 :]}"
    absolute = slashed.startswith("/") or (len(slashed) > 1 and slashed[1] == ":" and slashed[0].isalpha())
    if ".." in parts or absolute or "\0" in raw:
        return path, Problem(
            code="archive-unsafe-path",
            what="The archive names a file outside itself.",
            next_step="Make the archive again from the folder that holds your notebook.",
            hostile=True,
        )
    return path, None


def shown(text: str) -> str:
    """The text with unprintable characters replaced and the middle cut where it is very long."""
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return clean if len(clean) <= 255 else f"{clean[:120]}…{clean[-120:]}"
