"""How a kernel is kept apart: what a level of isolation must offer, and the command that it makes of a launch."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from grader.execute.layout import Launch, Paths

if TYPE_CHECKING:
    from grader.execute.process import KernelProcess

_FIRST_USER = 200_000
_USERS = 60_000


@dataclass(slots=True, kw_only=True)
class Command:
    """A process to start, with the descriptors that it inherits."""

    argv: list[str]
    variables: dict[str, str]
    descriptors: list[int]
    """Ours to close once the process has started."""
    status: int | None = None
    """Where the process id of the sandbox's init is told; None if the process is its own."""
    new_session: bool = False
    """True if the process runs among ours, so that its group has to be ended."""
    folder: str | None = None
    """Where it starts on this host; None inside a sandbox."""
    forget: Callable[[], None] = field(default=lambda: None)
    """Removes what was made for this process on the host."""

    def close(self) -> None:
        """Close the descriptors that only the child needs."""
        while self.descriptors:
            os.close(self.descriptors.pop())


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a program in a sandbox has said when it ended."""

    output: bytes
    errors: bytes


class Isolation(Protocol):
    """A level of isolation of this host."""

    @property
    def level(self) -> str:
        """Stored with the evidence: `sealed`, `bubblewrap` or `none`."""

    @property
    def paths(self) -> Paths:
        """The places of a kernel; fixed, so that nothing about the host shows."""

    async def start(self, launch: Launch) -> KernelProcess:
        """Start a kernel; returns when its sockets are bound and before it has run anything.

        Raises:
            SandboxError: if it does not come up in the time that the limits allow.
        """

    def run(
        self, launch: Launch, program: Sequence[str], *, seconds: float, around: Mapping[str, str] | None = None
    ) -> Finished:
        """Run another program in the place of a kernel, to its end.

        Args:
            launch: what the process may see and use.
            program: arguments of the kernels' interpreter: the path of a program, and its own arguments.
            seconds: how long it may take.
            around: environment variables of what makes the sandbox, none of which may come along.

        Raises:
            SandboxError: if it does not start, or does not end in time.
        """

    def expect(self, launch: Launch) -> None:
        """Begin to load what kernels of this launch are made from, and wait for nothing.

        Raises:
            SandboxError: if that cannot be begun; the start of a kernel says so again.
        """

    async def close(self) -> None:
        """End everything that was kept for kernels to come."""


def has_kernel_users() -> bool:
    """True if this process is a root that may give each kernel a user of the host's of its own."""
    if os.geteuid() != 0:
        return False
    lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
    spans = [(int(first), int(count)) for first, _, count in map(str.split, lines)]
    return any(first <= _FIRST_USER and first + count >= _FIRST_USER + _USERS for first, count in spans)


def kernel_users() -> Iterator[int]:
    """Numbers for the users of kernels, such as the host gives to nobody; for a grader that is root."""
    for number in itertools.count(os.getpid() * 16):
        yield _FIRST_USER + number % _USERS


def memory_file(name: str, content: bytes) -> int:
    """A descriptor that yields `content` from its start; nothing is written to a disk."""
    descriptor = os.memfd_create(name)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
