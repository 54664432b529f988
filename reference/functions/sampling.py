"""A function that writes a sequence at random, judged by many of its draws: their beginnings follow a distribution.

The probabilities of all beginnings of three characters are multiplied out, for the right loop and for each named
mistake; a chi-square test says whether the draws follow them. So a right function passes whatever its seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from reference.functions.formulas import Array, Arrays, Function, OutputVerdict
from reference.gradients.rnn_columns import softmax_columns
from reference.language.chi_square import LEAST_P, chi_square

FIRST = 3
"""Characters that are looked at."""
CERTAIN = 8
"""The same for a way to write that leaves nothing to chance, so that there is one beginning whatever its length."""
_NEEDS = ("W_ax", "W_aa", "W_ya", "b_a", "b_y", "stop")

Beginning = tuple[int, ...]
Weigh = Callable[[Array], Array]
"""Scores -> probabilities."""


def _softmax(scores: Array) -> Array:
    found: Array = softmax_columns(scores[:, None])[:, 0]
    return found


def _largest(scores: Array) -> Array:
    chosen = np.zeros(len(scores))
    chosen[int(scores.argmax())] = 1
    return chosen


def _scores_as_weights(scores: Array) -> Array:
    weights: Array = np.maximum(scores, 0)
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(len(scores), 1 / len(scores))


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A network and how a loop writes with it."""

    inputs: Arrays
    weigh: Weigh = _softmax
    text: Sequence[int] = ()
    """What is read in place of what was drawn, as far as it goes."""
    stops: bool = True
    first: int = FIRST
    """Characters that make a beginning."""

    def beginnings(self) -> dict[Beginning, float]:
        """Every beginning with its probability; one that ends early is shorter."""
        found: dict[Beginning, float] = {}
        hidden, vocabulary = self.inputs["W_ax"].shape
        self._extend((), 1.0, np.zeros((vocabulary, 1)), np.zeros((hidden, 1)), found)
        return found

    def _extend(self, drawn: Beginning, p: float, x: Array, a: Array, found: dict[Beginning, float]) -> None:
        over = self.stops and bool(drawn) and drawn[-1] == int(self.inputs["stop"].reshape(()))
        if len(drawn) == self.first or over:
            found[drawn] = found.get(drawn, 0.0) + p
            return
        w = self.inputs
        a = np.tanh(w["W_aa"] @ a + w["W_ax"] @ x + w["b_a"])
        probabilities = self.weigh((w["W_ya"] @ a + w["b_y"])[:, 0])
        for index in np.flatnonzero(probabilities > 0):
            read = self.text[len(drawn)] if len(drawn) < len(self.text) else int(index)
            column = np.zeros((len(probabilities), 1))
            column[read] = 1
            self._extend((*drawn, int(index)), p * float(probabilities[index]), column, a, found)


def _judge(inputs: Arrays, outputs: Arrays, tolerance: float) -> dict[str, OutputVerdict]:
    """The verdict on the draws, a row for each sequence, filled up with −1."""
    if "draws" not in outputs:
        return {}
    stop = int(inputs["stop"].reshape(()))
    rows = [[int(index) for index in row if index >= 0] for row in outputs["draws"]]
    text = [int(index) for index in inputs["text"].reshape(-1)[:CERTAIN]] if "text" in inputs else []
    note = ""
    if rows and not any(stop in row for row in rows):
        note = "Your sequences come without the character that ends them, which costs nothing here."
        rows = [[*row, stop] if len(row) < outputs["draws"].shape[1] else row for row in rows]
    goes_on = any(stop in row[:-1] for row in rows)
    if not goes_on and _follows(rows, Writer(inputs=inputs), stop):
        return {"draws": OutputVerdict(status="right", note=note)}
    mistakes = [name for name, writer in _writers(inputs, text).items() if _follows(rows, writer, stop)]
    if goes_on:
        mistakes = ["samp.no_stop"] if _follows(rows, Writer(inputs=inputs, stops=False), stop) else []
    if not mistakes:
        return {"draws": OutputVerdict(status="unnamed")}
    return {"draws": OutputVerdict(status="mistake" if len(mistakes) == 1 else "ambiguous", mistakes=tuple(mistakes))}


def _writers(inputs: Arrays, text: Sequence[int]) -> dict[str, Writer]:
    """The named ways to choose and to read, without those that need a text where there is none."""
    found = {
        "samp.argmax_not_random": Writer(inputs=inputs, weigh=_largest, first=CERTAIN),
        "samp.logits_as_probs": Writer(inputs=inputs, weigh=_scores_as_weights),
    }
    if text:
        found["samp.teacher_forced"] = Writer(inputs=inputs, text=text)
        found["samp.argmax_teacher_forced"] = Writer(inputs=inputs, text=text, weigh=_largest, first=CERTAIN)
    return found


def _follows(rows: Sequence[Sequence[int]], writer: Writer, stop: int) -> bool:
    """True if the beginnings are compatible with what the writer writes."""
    expected = writer.beginnings()
    counted = Counter(_beginning(row[: writer.first], stop, ends=writer.stops) for row in rows)
    if not rows or not set(counted) <= set(expected):
        return False
    names = list(expected)
    counts = torch.tensor([counted[name] for name in names])
    return chi_square(counts, torch.tensor([expected[name] for name in names])).p > LEAST_P


def _beginning(row: Sequence[int], stop: int, *, ends: bool) -> Beginning:
    first = tuple(row)
    return first[: first.index(stop) + 1] if ends and stop in first else first


SAMPLING_FUNCTIONS = {
    "sample_sequence": Function(needs=_NEEDS, may=("text",), outputs=("draws",), judge=_judge),
}
