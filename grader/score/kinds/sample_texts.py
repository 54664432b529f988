"""Generated texts in what a notebook printed -> samples, each with its label."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_SAMPLES = 2_000
LINE_CHARS = 2_000
SAMPLE_CHARS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One generated text."""

    label: str
    """As printed; empty if the pattern has none."""
    text: str

    @property
    def number(self) -> float | None:
        """The label as a number; None if it is none."""
        try:
            return float(self.label)
        except ValueError:
            return None


def samples_in(texts: Iterable[str], pattern: str) -> list[Sample]:
    """The samples of some texts, a line each, in order and within bounds.

    Args:
        texts: what was printed or written.
        pattern: regular expression of a line, with a group `text` and, if samples have labels, a group `label`.
    """
    compiled = re.compile(pattern)
    found: list[Sample] = []
    for line in (line for text in texts for line in text.split("\n")):
        match = compiled.search(line[:LINE_CHARS])
        groups = match.groupdict() if match is not None else {}
        if groups.get("text"):
            found.append(Sample(label=(groups.get("label") or "").strip()[:80], text=groups["text"][:SAMPLE_CHARS]))
        if len(found) >= MOST_SAMPLES:
            break
    return found


def same_label(one: str, other: str) -> bool:
    """True if two labels are the same word or number: "0.50" is "0.5"."""
    if one.strip().casefold() == other.strip().casefold():
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False
