"""The levels of isolation that a command uses, kept from its first batch to its end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from grader.errors import GraderError
from grader.execute.detect import detect
from grader.execute.environment import locate
from grader.execute.isolation import Isolation
from grader.execute.plan import launch_of, needs_of
from grader.records import NotebookRecord
from grader.rubric import Rubric


class Isolations:
    """Finds each level once; what it keeps for kernels to come belongs to no event loop, so that batches share it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str | None, bool], Isolation] = {}

    def get(self, level: str | None = None, *, unsafe: bool = False) -> Isolation:
        """The level that `detect` finds for these arguments; it is tried at the first call.

        Raises:
            SandboxUnavailableError: if there is none, or not the one asked for.
        """
        found = self._found.get((level, unsafe))
        if found is None:
            found = self._found[level, unsafe] = detect(level, unsafe=unsafe)
        return found

    def expect(self, rubric: Rubric, template: NotebookRecord | None = None, *, unsafe: bool = False) -> None:
        """Begin to load what kernels of a coursework are made from, while the caller does something else.

        Nothing is refused here: whatever is in the way is told when a kernel is asked for, if one is.

        Args:
            rubric: the coursework.
            template: what hand-ins are made from, where it is known; what its code needs is then loaded, too.
            unsafe: True for kernels without a sandbox.
        """
        with suppress(GraderError):
            launch = launch_of(rubric, locate(rubric.folder))
            if template is not None:
                launch = replace(launch, needs=needs_of(template, rubric.execution, "student"))
            self.get(unsafe=unsafe).expect(launch)

    async def close(self) -> None:
        """End everything that was kept for kernels to come."""
        while self._found:
            await self._found.popitem()[1].close()
