"""What is asked of our agent, one line of code each.

All cells in a row are one request, with all probes that come after them: a request for each would cost more than most
of them do. The journal tells which was at work when a kernel ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeVar

from grader.execute.collect import JournalLine
from grader.execute.layout import AGENT_PACKAGE
from grader.execute.plan import PartName

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One request."""

    kind: Literal["cell", "stand_in", "probe", "train", "finish"]
    cells: tuple[int, ...] = ()
    probes: tuple[str, ...] = ()
    """Those of a request for cells come after them."""
    then_finish: bool = False
    """True if the agent finishes in the same request, which saves one."""

    @property
    def code(self) -> str:
        calls = [(self.kind, self.cells or self.probes)]
        if self.cells and self.probes:
            calls.append(("probe", self.probes))
        if self.then_finish:
            calls.append(("finish", ()))
        return "; ".join(
            f'__import__("{AGENT_PACKAGE}").{name}({", ".join(map(repr, arguments))})' for name, arguments in calls
        )

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
            return Unit(kind="cell", cells=(unfinished.cell,))
        if unfinished.begin == "probe" and unfinished.probe in self.probes:
            return Unit(kind="probe", probes=(unfinished.probe,))
        return None


def units_of(
    part: PartName,
    *,
    cells: Sequence[int],
    probes: Iterable[str],
    train: Collection[int] = (),
    definitions_after: bool = True,
    singly: bool = False,
) -> Iterator[Unit]:
    """What is asked of one kernel, in order.

    Args:
        part: of the evidence.
        cells: indices of the cells with code.
        probes: in their order.
        train: those of the cells that train and are run.
        definitions_after: True if all definitions are run before training; False if training stays in its place, and
            what comes after it is left out.
        singly: True to ask for cells and probes one by one.
    """
    if train and not definitions_after:
        cells = [index for index in cells if index <= max(train)]
    in_place = () if definitions_after else train
    units: list[Unit] = []
    rows = groupby((index for index in cells if index in in_place or index not in train), in_place.__contains__)
    for trains, row in rows:
        kind: Literal["train", "cell"] = "train" if trains else "cell"
        units += (Unit(kind=kind, cells=some) for some in _together(row, singly=trains or singly))
    if definitions_after:
        units += (Unit(kind="train", cells=(index,)) for index in sorted(train))
    if part == "stand-ins":
        units.append(Unit(kind="stand_in"))
    yield from _with_probes(units, _together(probes, singly=singly), singly=singly)


def _with_probes(units: list[Unit], probes: list[tuple[str, ...]], *, singly: bool) -> list[Unit]:
    """All requests to the last, with the probes in that for the last cells where it may ask for many things."""
    if probes and not singly and units and units[-1].kind == "cell":
        return [*units[:-1], replace(units[-1], probes=probes[0], then_finish=True)]
    units = units + [Unit(kind="probe", probes=some) for some in probes]
    if units and units[-1].has_many:
        return [*units[:-1], replace(units[-1], then_finish=True)]
    return [*units, Unit(kind="finish")]


def _together(wanted: Iterable[T], *, singly: bool) -> list[tuple[T, ...]]:
    """What goes into one request each."""
    found = tuple(wanted)
    if singly:
        return [(one,) for one in found]
    return [found] if found else []
