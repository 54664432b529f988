"""How varied generated texts are, to compare samples of two temperatures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Diversity:
    """How varied the characters of some texts are."""

    characters: int
    """Characters looked at."""
    distinct: int
    """Different characters among them."""
    entropy: float
    """Entropy of their frequencies, in nats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureComparison:
    """Samples of two temperatures, over the same number of characters."""

    cold: Diversity
    """Of the samples at the lower temperature."""
    warm: Diversity
    """Of the samples at the higher temperature."""

    @property
    def warm_is_more_varied(self) -> bool:
        """True if the higher temperature has the larger entropy and no fewer distinct characters, as it should."""
        return self.warm.entropy > self.cold.entropy and self.warm.distinct >= self.cold.distinct


def diversity(texts: Sequence[str], characters: int | None = None) -> Diversity:
    r"""Distinct characters of some texts, and the entropy of their frequencies.

    Equations
        H = −Σ_c f_c ln f_c      f_c the share of character c

    Shapes      texts: any number of strings, read as one · result three numbers
    Source      Shannon 1948, "A mathematical theory of communication", section 6.
    Departures  none
    Numerics    Both numbers grow with the length of the text: compare equal lengths, for which `characters` cuts.
    Oracle      ln k for k characters of equal share; 0 for one (tests/unit/reference/test_language_diversity.py).
    Mistakes    none: no question asks for it; it judges samples.

    Raises:
        ValueError: if there is no character.
    """
    text = "".join(texts)[:characters]
    if not text:
        raise ValueError("texts hold no character; wanted at least one")
    shares = [count / len(text) for count in Counter(text).values()]
    entropy = -math.fsum(share * math.log(share) for share in shares)
    return Diversity(characters=len(text), distinct=len(shares), entropy=max(0.0, entropy))


def compare_temperatures(cold: Sequence[str], warm: Sequence[str]) -> TemperatureComparison:
    """Both diversities over the same number of characters.

    At the higher temperature the distribution is flatter, so distinct characters and entropy should both be larger.
    Some dozen characters are too few to say so: a sample may break the rule by chance.

    Raises:
        ValueError: if one of the two holds no character.
    """
    shorter = min(len("".join(cold)), len("".join(warm)))
    return TemperatureComparison(cold=diversity(cold, shorter), warm=diversity(warm, shorter))
