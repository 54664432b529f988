"""The ways by which an answer is found, and a place that was found by one of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_SHOWN_CHARS = 60


class Way(StrEnum):
    """How a place was found; the first is trusted most."""

    MARKERS = "markers"
    HEADING = "heading"
    METADATA = "metadata"
    NAME = "name"
    POSITION = "position"

    @property
    def rank(self) -> int:
        """0 for the way that is trusted most."""
        return _ORDER.index(self)


_ORDER = tuple(Way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Lines of one cell that answer a question."""

    cell: int
    """Position in the notebook, from 0."""
    first_line: int
    """From 1."""
    last_line: int
    way: Way
    heading: str = ""
    """The student's line below which the place lies, or the name by which it was found."""
    own_heading: bool = False
    """True if the student wrote that line otherwise than the student version has it."""
    text: str = ""
    """The student's own lines there, without those of the student version."""
    rest: str = ""
    """What of them stands on the line of the heading, behind it."""

    @property
    def how(self) -> str:
        """How it was found, in words that follow "found"."""
        if self.way is Way.MARKERS:
            return "between its markers"
        if self.way is Way.HEADING:
            return f"below {'your' if self.own_heading else 'the'} heading “{shortened(self.heading)}”"
        if self.way is Way.METADATA:
            return "in the cell that was given for it"
        if self.way is Way.NAME:
            return f"where `{shortened(self.heading)}` is written"
        return "by its place between the given cells"


def shortened(line: str) -> str:
    """A line without signs of formatting, in a form short enough for a sentence."""
    plain = " ".join(line.replace("`", "").split()).strip("#*_ ").replace("**", "").rstrip(":")
    return plain if len(plain) <= _SHOWN_CHARS else f"{plain[:_SHOWN_CHARS].rstrip()} …"
