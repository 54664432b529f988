"""What a log should be if the given code printed it: each rule finds rows that do not fit, and says so neutrally."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from grader.score.kinds.log_rows import Log, Row

if TYPE_CHECKING:
    from grader.score.kinds.log import LogParameters

LONG_DIGITS = 5
"""Two losses that agree in so many digits are no coincidence."""
_MOST_MISSING = 100_000
_MOST_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """Something that does not fit."""

    flag: str
    sentence: str


def oddities(log: Log, parameters: LogParameters) -> list[Oddity]:
    """Everything in one log that does not fit, in the order of the rules."""
    return [found for rule in _RULES for found in rule(log, parameters)]


def beside_rerun(log: Log, rerun: Log, parameters: LogParameters) -> Iterator[Oddity]:
    """What differs between a log and what our own run of the same code printed, as far as that went."""
    printed = [row.iteration for row in rerun]
    if [row.iteration for row in log[: len(printed)]] != printed:
        yield Oddity(
            flag="log-other-grid",
            sentence=f"Your log begins with {parameters.iteration} {_listed(log[: len(printed)])}, our re-run of your "
            f"code with {_listed(rerun)}.",
        )
    mine, ours = log[0].values[parameters.loss], rerun[0].values[parameters.loss]
    factor = parameters.rerun_factor
    if factor is not None and _positive(mine) and _positive(ours) and not 1 / factor <= mine / ours <= factor:
        yield Oddity(
            flag="log-other-first-loss",
            sentence=f"Its first loss is {mine:g}, that of our re-run of your code {ours:g}.",
        )


def _steps(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    """Iterations form an arithmetic progression; with `every` and `last`, the known one. Rows twice are told apart."""
    steps = Counter(second.iteration - first.iteration for first, second in pairwise(log))
    del steps[0.0]
    every = parameters.every
    if len(steps) > 1:
        yield _uneven(log, every if every is not None else steps.most_common(1)[0][0])
        return
    step = next(iter(steps), every)
    if every is not None and (step != every or log[0].iteration != every):
        begins = f"{log[0].iteration:g}" + (f", {log[1].iteration:g}" if len(log) > 1 else "")
        yield Oddity(
            flag="log-other-steps",
            sentence=f"Its rows are at {begins}, ...; the given code prints one every {every} steps.",
        )
    if parameters.last is not None and log[-1].iteration != parameters.last:
        yield Oddity(
            flag="log-other-end",
            sentence=f"Its last row is at {log[-1].iteration:g}; the given code ends at {parameters.last}.",
        )


def _uneven(log: Log, step: float) -> Oddity:
    """What is wrong with uneven steps: rows that go back, rows that are missing, or no grid at all."""
    back = next((second for first, second in pairwise(log) if second.iteration < first.iteration), None)
    if back is not None:
        return Oddity(
            flag="log-not-increasing", sentence=f"Its row at {back.iteration:g} stands behind one that comes later."
        )
    first, last = log[0].iteration, log[-1].iteration
    there = {row.iteration for row in log}
    on_grid = step > 0 and all((value - first) % step == 0 for value in there)
    if not on_grid or (last - first) / step > _MOST_MISSING:
        return Oddity(flag="log-uneven-steps", sentence="Its rows do not lie at even steps.")
    missing = [first + count * step for count in range(int((last - first) / step)) if first + count * step not in there]
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    named = ", ".join(f"{value:g}" for value in missing[:_MOST_NAMED])
    return Oddity(
        flag="log-rows-missing",
        sentence=f"It has no row at {named}{more}, with one every {step:g} from {first:g} to {last:g}.",
    )


def _repeated(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    """No iteration stands twice, and no long loss does."""
    iterations = Counter(row.iteration for row in log)
    losses = Counter(row.texts[parameters.loss] for row in log if _digits(row.texts[parameters.loss]) >= LONG_DIGITS)
    twice = next((f"{value:g}" for value, count in iterations.items() if count > 1), None)
    copied = next((text for text, count in losses.items() if count > 1), None)
    if twice is not None:
        yield Oddity(flag="log-repeated-rows", sentence=f"The row of {parameters.iteration} {twice} stands twice.")
    elif copied is not None:
        yield Oddity(flag="log-repeated-rows", sentence=f"The loss {copied[:30]} stands in more than one row.")


def _finite(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    if not all(math.isfinite(row.values[parameters.loss]) for row in log):
        yield Oddity(flag="log-not-finite", sentence="Some losses are not finite.")


def _first_and_last_loss(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    for name, band, row in (("first", parameters.first_band, log[0]), ("last", parameters.last_loss, log[-1])):
        loss = row.values[parameters.loss]
        if band is not None and not band[0] <= loss <= band[1]:
            guess = (
                f" (a guess among {parameters.classes} has {math.log(parameters.classes):.3g})"
                if (name == "first" and parameters.classes is not None)
                else ""
            )
            yield Oddity(
                flag=f"log-{name}-loss",
                sentence=f"Its {name} loss, {loss:g}, is not between {band[0]:.3g} and {band[1]:.3g}{guess}.",
            )


def _whole_numbers(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    for name in parameters.integer:
        row = next((row for row in log if not row.values[name].is_integer()), None)
        if row is not None:
            yield Oddity(
                flag="log-not-integer",
                sentence=f"{parameters.word(name)} is {row.texts[name][:30]}{_at(row)}; the given code prints whole "
                "numbers.",
            )


def _within(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    for name, (low, high) in parameters.within.items():
        row = next((row for row in log if not low <= row.values[name] <= high), None)
        if row is not None:
            yield Oddity(
                flag="log-out-of-range",
                sentence=f"{parameters.word(name)} is {row.texts[name][:30]}{_at(row)}, which is not between {low:g} "
                f"and {high:g}.",
            )


def _changes_at_new_maximum(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    rule = parameters.changes_only_at_new_maximum
    if rule is None:
        return
    of, when = parameters.word(rule.of), parameters.word(rule.when)
    best = log[0].values[rule.when]
    for before, row in pairwise(log):
        reached = row.values[rule.when] >= best
        best = max(best, row.values[rule.when])
        if not reached and row.values[rule.of] != before.values[rule.of]:
            yield Oddity(
                flag="log-changed-below-maximum",
                sentence=f"{of} changes{_at(row)}, where {when} is below its maximum so far; the given code changes it "
                "only where the maximum is reached.",
            )
            return


def _close(log: Log, parameters: LogParameters) -> Iterator[Oddity]:
    rule = parameters.close
    if rule is None:
        return
    best = -math.inf
    for row in log:
        best = max(best, row.values[rule.to])
        if abs(row.values[rule.of] - best) > rule.within:
            yield Oddity(
                flag="log-far-apart",
                sentence=f"{parameters.word(rule.of)} is {row.texts[rule.of][:30]}{_at(row)}, where the best "
                f"{parameters.word(rule.to)} so far is {best:g}; they should lie within {rule.within:g}.",
            )
            return


_RULES: tuple[Callable[[Log, LogParameters], Iterator[Oddity]], ...] = (
    _steps,
    _repeated,
    _finite,
    _first_and_last_loss,
    _whole_numbers,
    _within,
    _changes_at_new_maximum,
    _close,
)


def _at(row: Row) -> str:
    return f" at {row.iteration:g}"


def _listed(log: Log) -> str:
    return ", ".join(f"{row.iteration:g}" for row in log[:4]) or "no row"


def _positive(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _digits(text: str) -> int:
    return len(re.sub(r"\D", "", re.split("[eE]", text, maxsplit=1)[0]).strip("0"))
