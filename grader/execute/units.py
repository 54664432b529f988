"""What is asked of our agent, one line of code each.

All cells in a row are one request, and so are all probes: a request for each would cost more than most of them do. The
journal tells which was at work when a kernel ended.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from grader.execute.collect import JournalLine
from grader.execute.layout import AGENT_PACKAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One request."""

    kind: Literal["start", "cell", "stand_in", "probe", "train", "finish"]
    cells: tuple[int, ...] = ()
    probes: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return f'__import__("{AGENT_PACKAGE}").{self.kind}({", ".join(map(repr, self.cells or self.probes))})'

    @property
    def cell(self) -> int | None:
        """The one cell that it is about."""
        return self.cells[0] if len(self.cells) == 1 else None

    @property
    def has_many(self) -> bool:
        """True if more than one thing is asked for."""
        return len(self.cells) + len(self.probes) > 1

    def culprit(self, unfinished: JournalLine | None) -> Unit | None:
        """The part of it that was at work when the kernel ended; None if that is not known."""
        if not self.has_many:
            return self
        if unfinished is None:
            return None
        if unfinished.begin == "statement" and unfinished.cell in self.cells:
            return replace(self, cells=(unfinished.cell,))
        if unfinished.begin == "probe" and unfinished.probe in self.probes:
            return replace(self, probes=(unfinished.probe,))
        return None
