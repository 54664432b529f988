"""What is asked of our agent, one line of code each.

All probes are one request, since a request for each would cost more than most probes do; the journal tells which was
at work when a kernel ended.
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
    cell: int | None = None
    probes: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        arguments = self.probes if self.cell is None else (self.cell,)
        return f'__import__("{AGENT_PACKAGE}").{self.kind}({", ".join(map(repr, arguments))})'

    def culprit(self, unfinished: JournalLine | None) -> Unit | None:
        """The part of it that was at work when the kernel ended; None if that is not known."""
        if len(self.probes) < 2:
            return self
        if unfinished is None or unfinished.begin != "probe" or unfinished.probe not in self.probes:
            return None
        return replace(self, probes=(unfinished.probe,))
