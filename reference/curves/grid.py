"""Rule: the iterations of a log are an arithmetic progression, and none is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from reference.curves.finding import Finding, Number, Row, column, listed

_MOST_MISSING = 10_000
_LARGEST = 1e15
"""Iterations beyond this are none; below it, floats are exact."""


def check_grid(
    rows: Sequence[Row], first: Number | None = None, step: Number | None = None, last: Number | None = None
) -> Iterator[Finding]:
    r"""Rows that are missing, out of order, twice or off the grid.

    Equations
        iteration_j = first + j · step,  j = 0, 1, …, up to last

    Shapes      rows: any number, column "iteration" · first, step, last: numbers; what is not given is read off
                the rows
    Source      A loop that prints when iteration % step == 0 prints at every multiple, once, in order.
    Departures  A row that is missing may also be lost in copying, so this is a finding, not a proof.
    Numerics    Comparisons of whole numbers; a step that is not given is the commonest difference.
    Oracle      Logs of a simulated run, complete and with planted faults (tests/unit/reference/test_curves_log.py).
    Mistakes    none
    """
    places = dict(column(rows, "iteration"))
    strange = tuple(place for place, value in places.items() if not abs(value) < _LARGEST)
    if strange:
        yield Finding(code="log-iteration-impossible", sentence="Some iterations are no counts.", rows=strange)
        places = {place: value for place, value in places.items() if place not in strange}
    values = list(places.values())
    if not values:
        return
    steps = Counter(b - a for a, b in pairwise(values))
    backwards = [place for place, (a, b) in zip(list(places)[1:], pairwise(values), strict=True) if b <= a]
    if backwards:
        yield Finding(
            code="log-not-increasing",
            sentence=f"The iteration does not grow at {listed(places[place] for place in backwards)}.",
            rows=tuple(backwards),
        )
    step = steps.most_common(1)[0][0] if step is None and steps else step
    first = values[0] if first is None else first
    if step is None or not step > 0:
        return
    yield from _against(places, first, step, max(values) if last is None else last)


def _against(places: dict[int, Number], first: Number, step: Number, last: Number) -> Iterator[Finding]:
    off = [place for place, value in places.items() if value < first or value > last or (value - first) % step]
    if off:
        yield Finding(
            code="log-uneven-steps",
            sentence=f"Rows at {listed(places[place] for place in off)} are not at {first:g}, {first + step:g}, … "
            f"up to {last:g}.",
            rows=tuple(off),
        )
    wanted = range(min(int((last - first) // step) + 1, _MOST_MISSING))
    missing = sorted({first + j * step for j in wanted} - set(places.values()))
    if missing:
        yield Finding(
            code="log-rows-missing",
            sentence=f"There is no row at {listed(missing)}, with a row every {step:g} from {first:g} to {last:g}.",
        )
