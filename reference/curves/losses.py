"""Rules about losses: finite, not negative, near an even guess at first, low enough in the end."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from reference.curves.finding import Band, Finding, Row, column, listed, outside

EVEN_GUESS = (0.45, 1.3)
"""First logged loss over ln K: training has lowered it for some steps, or a bad start has raised it."""


def check_losses(
    rows: Sequence[Row], classes: int | None = None, first: Band | None = None, last: Band | None = None
) -> Iterator[Finding]:
    r"""Losses that a classifier with cross-entropy hardly ever shows.

    Equations
        loss of an even guess among K classes = −ln(1/K) = ln K
        0.45 ln K ≤ first loss ≤ 1.3 ln K      where no band is given: K = 3 gives about [0.5, 1.4]
        loss ≥ 0

    Shapes      rows: any number, column "loss" in nats · classes K a whole number · bands (lowest, highest)
    Source      A network with small random weights starts near an even guess; cross-entropy is −log of a probability.
    Departures  The first row is printed after some steps, so the band reaches far below ln K.
    Numerics    Bands include their ends.
    Oracle      Logs of a simulated run, right and with planted faults (tests/unit/reference/test_curves_log.py).
    Mistakes    none

    Raises:
        ValueError: if there are fewer than two classes.
    """
    if classes is not None and classes < 2:
        raise ValueError(f"classes is {classes}; wanted at least 2")
    losses = dict(column(rows, "loss"))
    if not losses:
        return
    strange = [place for place, loss in losses.items() if not math.isfinite(loss)]
    if strange:
        yield Finding(
            code="log-not-finite",
            sentence=f"{len(strange)} losses are not finite numbers.",
            rows=tuple(strange),
        )
    negative = [place for place, loss in losses.items() if loss < 0]
    if negative:
        yield Finding(
            code="log-loss-negative",
            sentence=f"The losses {listed(losses[place] for place in negative)} are negative, which a cross-entropy "
            "cannot be.",
            rows=tuple(negative),
        )
    yield from _ends(losses, classes, first, last)


def _ends(
    losses: dict[int, int | float], classes: int | None, first: Band | None, last: Band | None
) -> Iterator[Finding]:
    why = ""
    if first is None and classes is not None:
        guess = math.log(classes)
        first = (EVEN_GUESS[0] * guess, EVEN_GUESS[1] * guess)
        why = f"; an even guess among {classes} classes has {guess:.3f}"
    for name, band, place in (("first", first, min(losses)), ("last", last, max(losses))):
        if band is not None and outside(losses[place], band):
            yield Finding(
                code=f"log-{name}-loss",
                sentence=f"The {name} loss, {losses[place]:g}, is not between {band[0]:.3g} and {band[1]:.3g}"
                f"{why if name == 'first' else ''}.",
                rows=(place,),
            )
