"""Writes the small text beside this file: sentences of a grammar of ours, for training, validation and test.

Run from anywhere; the same bytes come out every time:

    .venv/bin/python rubrics/tau_hw2/data/make_data.py
"""

from __future__ import annotations

import random
from pathlib import Path

SENTENCES = {"train": 260, "valid": 60, "test": 60}
SEED = 2020

SINGULAR = ["boat", "ship", "gull", "fisher", "captain", "child", "sailor", "seal", "cat", "dog"]
PLURAL = ["boats", "ships", "gulls", "fishers", "sailors", "seals", "nets", "ropes", "waves", "children"]
PLACES = ["harbour", "quay", "island", "bay", "beach", "lighthouse", "bridge", "market"]
ADJECTIVES = ["old", "small", "red", "quiet", "tired", "young", "grey", "hungry"]
TIMES = ("in the morning", "at noon", "before dawn", "after the storm", "every day", "at night")
VERBS = {
    # (singular, plural): what may follow
    ("leaves", "leave"): "place",
    ("reaches", "reach"): "place",
    ("crosses", "cross"): "place",
    ("watches", "watch"): "thing",
    ("follows", "follow"): "thing",
    ("waits", "wait"): "near",
    ("sleeps", "sleep"): "near",
    ("sings", "sing"): "time",
}


class Speaker:
    """Makes sentences; verbs agree with their subjects, however far away these stand."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def sentence(self) -> str:
        """One sentence, in small letters and without signs."""
        subject, plural = self._thing()
        words = [subject]
        if self._chance(0.35):
            words.append(f"near the {self._one_of(PLACES)}")
        forms = self._one_of(tuple(VERBS))
        words.append(forms[1] if plural else forms[0])
        kind = VERBS[forms]
        if kind == "place":
            words.append(f"the {self._one_of(PLACES)}")
        elif kind == "thing":
            words.append(self._thing()[0])
        elif kind == "near":
            words.append(f"near the {self._one_of(PLACES)}")
        if kind == "time" or self._chance(0.4):
            words.append(self._one_of(TIMES))
        return " ".join(words)

    def _thing(self) -> tuple[str, bool]:
        plural = self._chance(0.5)
        noun = self._one_of(PLURAL if plural else SINGULAR)
        article = "the" if plural else self._one_of(("the", "a"))
        adjective = f" {self._one_of(ADJECTIVES)}" if self._chance(0.4) else ""
        return f"{article}{adjective} {noun}", plural

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _one_of(self, items):  # type: ignore[no-untyped-def]
        return items[int(self._random.random() * len(items))]


def texts() -> dict[str, str]:
    """Name of a part -> its text, a sentence a line."""
    speaker = Speaker(SEED)
    return {name: "".join(f"{speaker.sentence()}\n" for _ in range(count)) for name, count in SENTENCES.items()}


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent / "harbour"
    folder.mkdir(exist_ok=True)
    for part, text in texts().items():
        (folder / f"{part}.txt").write_text(text, encoding="utf-8")
