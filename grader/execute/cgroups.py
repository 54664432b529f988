"""Control groups: a ceiling for the memory and the processes of each kernel, where this host lets us make them.

Both versions are used as they are found. A kernel that is in a group is charged for the pages that it changes and for
the files in its places; what it shares with the template is the template's. Where no group can be made, a limit for
each process and the watch over their sum remain.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.execute.layout import Paths, tmpfs_bytes
from grader.limits import MIB, Limits

_ROOT = Path("/sys/fs/cgroup")
_SPARE_BYTES = 64 * MIB  # page tables, sockets and other memory of the kernel's that belongs to no process
_SPARE_PROCESSES = 2  # init, and one for the moment between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """One folder in which groups can be made."""

    folder: Path
    version: int
    controllers: tuple[str, ...]


class Cgroups:
    """Makes a group for each kernel.

    Args:
        root: where control groups are mounted.
        own: the lines of `/proc/self/cgroup`.
    """

    def __init__(self, root: Path = _ROOT, own: str | None = None) -> None:
        self._numbers = itertools.count()
        text = Path("/proc/self/cgroup").read_text(encoding="utf-8") if own is None else own
        self.hierarchies = tuple(_usable(root, text.splitlines()))
        self._sweep()

    @property
    def controllers(self) -> set[str]:
        """What can be limited: of `memory` and `pids`."""
        return {name for hierarchy in self.hierarchies for name in hierarchy.controllers}

    def _sweep(self) -> None:
        """Remove what graders that were killed have left; their kernels died with them, so their groups are empty."""
        for hierarchy in self.hierarchies:
            for folder in hierarchy.folder.glob("grader-*-*"):
                number = folder.name.split("-")[1]
                if number.isdecimal() and not Path("/proc", number).exists():
                    with suppress(OSError):
                        folder.rmdir()

    def make(self, limits: Limits) -> Group:
        """A group with the limits of one kernel."""
        name = f"grader-{os.getpid()}-{next(self._numbers)}"
        memory = limits.memory_bytes + sum(tmpfs_bytes(limits, Paths()).values()) + _SPARE_BYTES
        group = Group([])
        try:
            for hierarchy in self.hierarchies:
                folder = hierarchy.folder / name
                folder.mkdir()
                group.folders.append(folder)
                if "memory" in hierarchy.controllers:
                    file = "memory.max" if hierarchy.version == 2 else "memory.limit_in_bytes"
                    (folder / file).write_text(str(memory))
                    if hierarchy.version == 2:
                        (folder / "memory.oom.group").write_text("0")
                if "pids" in hierarchy.controllers:
                    (folder / "pids.max").write_text(str(limits.processes + _SPARE_PROCESSES))
        except OSError:
            group.remove()
            return Group([])
        return group


class Group:
    """The folders of one kernel's group, one for each hierarchy."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders

    def entries(self) -> list[int]:
        """Descriptors by which a process joins: it writes "0" to each. The caller closes them."""
        return [os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in self.folders]

    def out_of_memory(self) -> bool:
        """True if Linux ended a process of the group for its memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with suppress(OSError):
                    lines = (folder / name).read_text(encoding="utf-8").splitlines()
                    if any(line.split()[0] == "oom_kill" and line.split()[1] != "0" for line in lines):
                        return True
        return False

    def remove(self) -> None:
        """Remove the group of a kernel that is dead."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()


def _usable(root: Path, lines: list[str]) -> Iterator[Hierarchy]:
    """The folders of this process's own groups below which others can be made."""
    for line in lines:
        number, names, place = line.split(":", 2)
        if number == "0":
            yield from _unified(root, place)
        elif wanted := tuple(name for name in names.split(",") if name in ("memory", "pids")):
            folder = root / names / place.lstrip("/")
            if _can_make(folder):
                yield Hierarchy(folder=folder, version=1, controllers=wanted)


def _unified(root: Path, place: str) -> Iterator[Hierarchy]:
    """A folder of version 2 that hands memory or processes on to groups below it.

    Linux lets no folder that has processes hand anything on, and this one's own has at least one; so a group of a
    kernel's usually lies beside ours, where a service manager has prepared the folder above.
    """
    for mounted in (root, root / "unified"):
        own = mounted / place.lstrip("/")
        for folder in (own, own.parent) if own != mounted else (own,):
            wanted = _handed_on(folder, may_change=folder == own)
            if wanted and _can_make(folder):
                yield Hierarchy(folder=folder, version=2, controllers=wanted)
                return


def _handed_on(folder: Path, *, may_change: bool) -> tuple[str, ...]:
    """The controllers that groups in this folder have."""
    try:
        offered = (folder / "cgroup.controllers").read_text(encoding="utf-8").split()
        control = folder / "cgroup.subtree_control"
        wanted = tuple(name for name in ("memory", "pids") if name in offered)
        if may_change and set(wanted) - set(control.read_text(encoding="utf-8").split()):
            with suppress(OSError):
                control.write_text(" ".join(f"+{name}" for name in wanted))
        given = control.read_text(encoding="utf-8").replace("+", "").split()
    except OSError:
        return ()
    return tuple(name for name in wanted if name in given)


def _can_make(folder: Path) -> bool:
    """True if a group can be made there and taken away again."""
    trial = folder / f"grader-{os.getpid()}-trial"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True
