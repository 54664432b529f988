"""How a kernel is kept apart: what a level of isolation must offer, and the command that it makes of a launch."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from grader.execute.layout import Launch, Paths


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


class Isolation(Protocol):
    """A level of isolation of this host."""

    @property
    def level(self) -> str:
        """Stored with the evidence: `sealed`, `bubblewrap` or `none`."""

    @property
    def paths(self) -> Paths:
        """The places of a kernel; fixed, so that nothing about the host shows."""

    def command(self, launch: Launch, program: Sequence[str], *, ready: int | None) -> Command:
        """The command that runs `program` (arguments of the kernels' interpreter) apart from everything else.

        Args:
            launch: what the process may see and use.
            program: for example the path of the launcher, and its arguments.
            ready: descriptor of ours that the program inherits; None if it needs none.
        """


def memory_file(name: str, content: bytes) -> int:
    """A descriptor that yields `content` from its start; nothing is written to a disk."""
    descriptor = os.memfd_create(name)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
