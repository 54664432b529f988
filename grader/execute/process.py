"""A kernel's process from start to death, seen from outside: it is ours to start, to kill and to outlive."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from grader.errors import SandboxError
from grader.execute.descriptors import is_readable, until_readable

FOLDERS = 5
_TOLD_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Descriptors of a kernel's writable places, usable when the kernel is dead and its mounts are gone."""

    evidence: int
    sockets: int
    work: int
    temporary: int
    shared: int

    @classmethod
    def of(cls, descriptors: Sequence[int]) -> Folders:
        """In the order in which a launcher sends them."""
        evidence, sockets, work, temporary, shared = descriptors
        return cls(evidence=evidence, sockets=sockets, work=work, temporary=temporary, shared=shared)

    def all(self) -> tuple[int, ...]:
        """Every writable place."""
        return self.evidence, self.sockets, self.work, self.temporary, self.shared

    def close(self) -> None:
        """Let go of the places, and so of their memory."""
        for descriptor in self.all():
            os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What a level of isolation keeps for one kernel, beside its first process and its folders."""

    pid: int
    """On this host: the process of which all processes of the kernel are descendants."""
    reap: Callable[[], Awaitable[bool]]
    """Awaited when the kernel is dead; True if it seems to have been killed."""
    group: int | None = None
    """The process group to kill where there is no namespace; its folders are then the host's, too."""
    forget: Callable[[], None] = lambda: None
    """Removes what was made for the kernel on the host."""
    out_of_memory: Callable[[], bool] = lambda: False
    """True if the host ended a process of the kernel because it had too much memory."""


class KernelProcess:
    """A running kernel.

    Args:
        init: descriptor of the process with which all others of the kernel end.
        folders: its writable places.
        holder: what else there is of it.
    """

    def __init__(self, init: int, folders: Folders, holder: Holder) -> None:
        self._init = init
        self._holder = holder
        self._ended = False
        self._killed = False
        self.folders = folders
        self.pid = holder.pid
        """On this host: the process of which all processes of the kernel are descendants."""

    @property
    def shares_files(self) -> bool:
        """True if its folders are the host's, so that counting their files says nothing about the kernel."""
        return self._holder.group is not None

    @property
    def dead(self) -> bool:
        """True once no process of the kernel runs any more."""
        return is_readable(self._init)

    @property
    def killed(self) -> bool:
        """True if something else than us has killed it; known when it was ended."""
        return self._killed

    @property
    def out_of_memory(self) -> bool:
        """True if the host itself ended a process of it for its memory."""
        return self._holder.out_of_memory()

    async def wait(self) -> None:
        """Return when no process of the kernel runs any more."""
        await until_readable(self._init)

    def kill(self) -> None:
        """Kill all processes of the kernel; they may take a moment."""
        if self._holder.group is not None:
            try:
                os.killpg(self._holder.group, signal.SIGKILL)
            except ProcessLookupError:
                return
        elif not self.dead:
            try:
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            except ProcessLookupError:
                return  # it ended meanwhile

    async def end(self) -> None:
        """Kill all processes and return when they are gone; the folders stay readable until `close`."""
        if self._ended:
            return
        already_dead = self.dead
        self.kill()
        await self.wait()
        self._killed = await self._holder.reap() and already_dead
        reap_if_ours(self._init)
        self._ended = True

    def close(self) -> None:
        """Forget the folders and everything else that was held for the kernel."""
        self.folders.close()
        os.close(self._init)
        self._holder.forget()


def reap_if_ours(init: int) -> None:
    """Reap a process that has ended or is about to, by a descriptor of it, if we have inherited it.

    Bubblewrap may end before the sandbox's first process, of which it is the parent. Whoever inherits that one, as the
    first process of a container does, has to reap it.
    """
    with suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, init, os.WEXITED)


def not_started(what: str, where: str) -> SandboxError:
    """A kernel that did not come up, which is never a fault of a hand-in; the end of what it said is told at once."""
    step = "grader doctor shows what this host can isolate"
    said = f"{what} ({where[-_TOLD_CHARS:]})" if where else what
    return SandboxError("kernel-not-started", said, where=where, next_step=step)
