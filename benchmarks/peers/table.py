"""From readings to what is told: medians, ratios, limits, and a table in markdown."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from peers.memory import Memory

MIB = 1024 * 1024
OURS, FLOOR = "coursework-grader", "forked child, no isolation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one contender cost in one round."""

    cpu_s: float
    """CPU seconds a submission."""
    per_minute: float
    """Submissions a minute on the wall."""


def together(turns: Sequence[Cost]) -> Cost:
    """Several turns with equally many submissions as one: what all of them took, by all submissions."""
    return Cost(
        cpu_s=statistics.fmean(turn.cpu_s for turn in turns),
        per_minute=statistics.harmonic_mean([turn.per_minute for turn in turns]),
    )


Round = Mapping[str, Cost]
"""What each contender cost, by name; the floor is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A ratio that is promised."""

    what: str
    wanted: float
    at_least: bool
    """True if the ratio must not be below what is wanted, False if not above."""

    def met(self, ratio: float) -> bool:
        return ratio >= self.wanted if self.at_least else ratio <= self.wanted


LIMITS: Mapping[bool, tuple[Limit, ...]] = {
    False: (
        Limit(what="times fewer CPU seconds than the better peer", wanted=8, at_least=True),
        Limit(what="times the CPU seconds of the floor", wanted=4, at_least=False),
        Limit(what="times the submissions a minute of the better peer", wanted=10, at_least=True),
    ),
    True: (
        Limit(what="times fewer CPU seconds than the better peer", wanted=3, at_least=True),
        Limit(what="times the submissions a minute of the better peer", wanted=3, at_least=True),
    ),
}
"""What is promised, without and with training."""


def fewer_cpu(one: Round) -> float:
    """By how much our CPU seconds are fewer than those of the better peer."""
    return min(cost.cpu_s for cost in _peers(one)) / one[OURS].cpu_s


def above_floor(one: Round) -> float:
    """Our CPU seconds over those of the floor."""
    return one[OURS].cpu_s / one[FLOOR].cpu_s


def faster(one: Round) -> float:
    """Our submissions a minute over those of the better peer, which need not be the one with fewer CPU seconds."""
    return one[OURS].per_minute / max(cost.per_minute for cost in _peers(one))


_RATIOS: Mapping[str, Callable[[Round], float]] = {
    "times fewer CPU seconds than the better peer": fewer_cpu,
    "times the CPU seconds of the floor": above_floor,
    "times the submissions a minute of the better peer": faster,
}


def ratios(rounds: Sequence[Round]) -> dict[str, float]:
    """Medians over the rounds of every ratio, each taken within one round."""
    return {what: statistics.median(ratio(one) for one in rounds) for what, ratio in _RATIOS.items()}


def verdicts(rounds: Sequence[Round], *, training: bool) -> list[str]:
    """A line for each ratio, with its limit where there is one, and whether that is met."""
    limits = {limit.what: limit for limit in LIMITS[training]}
    lines = []
    for what, ratio in ratios(rounds).items():
        limit = limits.get(what)
        if limit is None:
            lines.append(f"- {ratio:.2f} {what}; no limit")
        else:
            bound = "at least" if limit.at_least else "at most"
            lines.append(f"- {ratio:.2f} {what}; {bound} {limit.wanted:g}: {'met' if limit.met(ratio) else 'MISSED'}")
    return lines


def each_further(large: Sequence[Round], size: int, small: Round, few: int) -> dict[str, float]:
    """CPU seconds that each hand-in of the large batches has cost beyond those of the small one, by contender.

    What a command pays once, however many are handed in, is not in it. Empty if the large batches are no larger.
    """
    if size <= few:
        return {}
    whole = {name: size * statistics.median(one[name].cpu_s for one in large) for name in small}
    return {name: (whole[name] - few * small[name].cpu_s) / (size - few) for name in small}


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, columns of words to the left and of numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def costs_table(rounds: Sequence[Round], memory: Mapping[str, Memory | None], full: Mapping[str, str]) -> str:
    """A row for each contender: medians over the rounds, the memory of a kernel, and who got full marks.

    Args:
        rounds: at least one.
        memory: of a kernel, by contender; None or absent where it was not seen.
        full: how many got full marks, in words, by contender.
    """
    head = ("", "CPU s a submission", "submissions a minute", "USS of a kernel, MiB", "PSS, MiB", "full marks")
    rows = []
    for name in rounds[0]:
        cpu_s = statistics.median(one[name].cpu_s for one in rounds)
        rate = statistics.median(one[name].per_minute for one in rounds)
        seen = memory.get(name)
        sizes = ("–", "–") if seen is None else (f"{seen.uss / MIB:.0f}", f"{seen.pss / MIB:.0f}")
        rows.append((name, f"{cpu_s:.3f}", f"{rate:.1f}", *sizes, full.get(name, "–")))
    return markdown(head, rows)


def full_marks(lost: Mapping[str, float], right: Mapping[str, bool]) -> str:
    """How many of the right hand-ins, and of those with a mistake, have lost nothing."""
    whole = [key for key, marks in lost.items() if marks == 0]
    counts = []
    for kind, wanted in (("right", True), ("wrong", False)):
        among = [key for key, is_right in right.items() if is_right is wanted]
        counts.append(f"{sum(key in whole for key in among)} of {len(among)} {kind}")
    return ", ".join(counts)


def _peers(one: Round) -> list[Cost]:
    return [cost for name, cost in one.items() if name not in (OURS, FLOOR)]
