"""How varied short texts are: distinct characters, entropy, repetition. Statistics only; they know no coursework."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

MOST_CHARS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStatistics:
    """Numbers about some texts, read as one."""

    characters: int
    distinct: int
    """Different characters."""
    entropy: float
    """Of the characters' frequencies, in nats."""
    longest_run: float
    """The longest run of one character, as a share of its text; the mean over the texts."""

    @property
    def degenerate(self) -> float:
        """From 0 (no character follows itself) to 1 (one character all along)."""
        return self.longest_run


def statistics(texts: Sequence[str], characters: int | None = None) -> TextStatistics:
    """The numbers of some texts.

    Args:
        texts: any; empty ones count nothing.
        characters: at most so many are looked at, since distinct characters and entropy grow with the length.
    """
    joined = "".join(texts)[: MOST_CHARS if characters is None else min(characters, MOST_CHARS)]
    shares = [count / len(joined) for count in Counter(joined).values()]
    runs = [max(len(list(run)) for _, run in groupby(text[:MOST_CHARS])) / len(text) for text in texts if text]
    return TextStatistics(
        characters=len(joined),
        distinct=len(shares),
        entropy=max(0.0, -math.fsum(share * math.log(share) for share in shares)),
        longest_run=math.fsum(runs) / len(runs) if runs else 0.0,
    )


def compared(one: Sequence[str], other: Sequence[str]) -> tuple[TextStatistics, TextStatistics]:
    """The numbers of two lists of texts over the same number of characters."""
    shorter = min(len("".join(one)), len("".join(other)))
    return statistics(one, shorter), statistics(other, shorter)
