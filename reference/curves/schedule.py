"""A learning rate that stays and then decays, and the rule that a log follows it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from reference.curves.finding import Finding, Number, Row, listed

_LARGEST = 1e6
"""Epochs beyond this are none."""


def learning_rate(epoch: int, first: Number = 1.0, constant_epochs: int = 15, decay: Number = 0.98) -> float:
    r"""The learning rate of an epoch.

    Equations
        η(e) = η₁                       e ≤ E₀
        η(e) = η₁ · decay^(e − E₀)      e > E₀

    Shapes      epoch e from 1 · first η₁, constant_epochs E₀, decay: numbers · result a number
    Source      Zaremba, Sutskever and Vinyals 2014, arXiv:1409.2329v5, section 4.1: constant at first, then divided by
                a factor in every epoch.
    Departures  The constants are those of the coursework, not the paper's.
    Numerics    A power of floats; at epoch 70, 0.98^55 = 0.329.
    Oracle      torch.optim.lr_scheduler.ExponentialLR from epoch 15 on, relative 1e-12
                (tests/unit/reference/test_curves_schedule.py).
    Mistakes    none

    Raises:
        ValueError: if the epoch is below 1, or the decay is not in (0, 1].
    """
    if epoch < 1:
        raise ValueError(f"epoch is {epoch}; wanted a number from 1")
    if not 0 < decay <= 1:
        raise ValueError(f"decay is {decay}; wanted a factor above 0 and not above 1")
    return float(first * decay ** float(max(0, epoch - constant_epochs)))


def check_schedule(
    rows: Sequence[Row], first: Number = 1.0, constant_epochs: int = 15, decay: Number = 0.98, rounding: float = 5e-3
) -> Iterator[Finding]:
    """Rows with "epoch" and "learning_rate" that do not follow a schedule, up to a relative `rounding`.

    Why: a schedule is deterministic, the one column of a log that can be computed.
    """
    off = []
    for place, row in enumerate(rows):
        if "epoch" not in row or "learning_rate" not in row:
            continue
        possible = 1 <= row["epoch"] < _LARGEST
        wanted = learning_rate(int(row["epoch"]), first, constant_epochs, decay) if possible else math.nan
        if not math.isclose(row["learning_rate"], wanted, rel_tol=rounding):
            off.append(place)
    if off:
        yield Finding(
            code="log-learning-rate",
            sentence=f"The learning rate in epochs {listed(rows[place]['epoch'] for place in off)} is not that of the "
            f"schedule: {first:g} for {constant_epochs} epochs, then times {decay:g} in each.",
            rows=tuple(off),
        )
