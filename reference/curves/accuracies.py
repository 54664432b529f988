"""Rules about accuracies: possible values, whole per cents where the loop rounds down, and better than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reference.curves.finding import Band, Finding, Row, column, listed, outside

COLUMNS = ("accuracy", "valid_accuracy", "test_accuracy")


def check_accuracies(
    rows: Sequence[Row], classes: int | None = None, final: Band | None = None, whole_percent: bool = True
) -> Iterator[Finding]:
    r"""Accuracies that cannot be, or that a trained network hardly ever has.

    Equations
        accuracy = ⌊100 correct / total⌋ in {0, 1, …, 100}      whole per cents
        accuracy = correct / total in [0, 1]                    otherwise
        chance   = 1/K

    Shapes      rows: any number, columns "accuracy", "valid_accuracy", "test_accuracy", as far as they are there
    Source      The loop divides whole numbers with //, so it prints whole numbers; guessing has the accuracy 1/K.
    Departures  The data may be uneven, so that another guess beats 1/K: hence the last row only, and a finding only.
    Numerics    Bands include their ends.
    Oracle      Logs of a simulated run, right and with planted faults (tests/unit/reference/test_curves_log.py).
    Mistakes    none
    """
    top = 100 if whole_percent else 1
    for name in COLUMNS:
        values = dict(column(rows, name))
        impossible = [p for p, v in values.items() if outside(v, (0, top)) or (whole_percent and v != int(v))]
        words = name.replace("_", " ")
        if impossible:
            kind = "whole numbers from 0 to 100" if whole_percent else "shares from 0 to 1"
            yield Finding(
                code="log-accuracy-impossible",
                sentence=f"The {words} should be {kind}, but is {listed(values[place] for place in impossible)}.",
                rows=tuple(impossible),
            )
        if not values:
            continue
        last = max(values)
        if classes is not None and values[last] <= top / classes:
            yield Finding(
                code="log-accuracy-chance",
                sentence=f"The last {words}, {values[last]:g}, is no better than chance among {classes} classes.",
                rows=(last,),
            )
        if final is not None and outside(values[last], final):
            yield Finding(
                code="log-last-accuracy",
                sentence=f"The last {words}, {values[last]:g}, is not between {final[0]:g} and {final[1]:g}.",
                rows=(last,),
            )
