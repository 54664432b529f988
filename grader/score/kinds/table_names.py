"""Which of the asked rows or columns a heading means: by its words, in any order, with others beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_WORDS = re.compile(r"[^\W\d_]+|\d+")
_NEGATED = re.compile(r"\b(?:without|excluding|not?)\s+\w+|\bw/o\s+\w+", re.IGNORECASE)
_HEADING_CHARS = 120
_SHORTEST_STEM = 3

Names = Mapping[str, Sequence[str]]
"""Name -> other words for it."""


def meant(heading: str, names: Names) -> str | None:
    """The name that a heading means; None if it means none, or two equally well.

    A heading means the name of which it holds all words, and the one with most words where several are held: "Plain
    model, dropout" is `plain dropout` rather than `plain`. What a heading denies ("without dropout") it does not hold.
    """
    text = heading[:_HEADING_CHARS]
    plain = _words(text)
    for name, others in names.items():
        if plain and any(plain == _words(spelling) for spelling in (name, *others)):
            return name
    held = _words(_NEGATED.sub(" ", text))
    best: dict[str, tuple[int, int]] = {}
    for name, others in names.items():
        scores = [score for spelling in (name, *others) if (score := _score(_words(spelling), held)) is not None]
        if scores:
            best[name] = max(scores)
    leaders = [name for name, score in best.items() if score == max(best.values())]
    return leaders[0] if len(leaders) == 1 else None


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def _score(wanted: list[str], held: list[str]) -> tuple[int, int] | None:
    """How many words are held, and how many of them letter by letter; None if one is missing."""
    exact = 0
    for word in wanted:
        if word in held:
            exact += 1
        elif not any(_same_stem(word, other) for other in held):
            return None
    return (len(wanted), exact) if wanted else None


def _same_stem(one: str, other: str) -> bool:
    """True if one word begins with the other: "valid" and "validation"."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _SHORTEST_STEM and longer.startswith(shorter)
