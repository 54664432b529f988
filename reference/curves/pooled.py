"""Rules about a test accuracy that pools two sets and is measured only where the validation accuracy is at its best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reference.curves.finding import Finding, Number, Row, listed

LARGEST_GAP = 5
"""Points between the two accuracies on a row where both are measured; samples of one kind differ by few."""


def check_pooled(
    rows: Sequence[Row], valid_size: int | None = None, test_size: int | None = None, largest_gap: Number = LARGEST_GAP
) -> Iterator[Finding]:
    r"""Rows that a loop cannot print which tests at running maxima only and adds test counts to validation counts.

    Equations
        measured at row j     ⇔  V_j ≥ max(V_1, …, V_{j−1})
        T_j = T_{j−1}            where it is not measured
        T_j = ⌊100 (c_V + c_T) / (N_V + N_T)⌋ where it is, with V_j = ⌊100 c_V / N_V⌋
        so  V_j N_V ≤ 100 c_V < (V_j + 1) N_V  and  0 ≤ c_T ≤ N_T  bound T_j, and |T_j − V_j| is small

    Shapes      rows: any number with "valid_accuracy" V and "test_accuracy" T, whole per cents; others are passed over
    Source      The loop of the coursework: counts are not set back between validation and test, and the test accuracy
                printed is the one measured last. The first row is always measured.
    Departures  Where the sizes N_V and N_T of the two sets are not given, only the gap is looked at.
    Numerics    Whole numbers; the bounds are rounded so that no possible row is found.
    Oracle      Logs of a simulated loop, right and with planted faults (tests/unit/reference/test_curves_pooled.py).
    Mistakes    none: the pooling is the loop's, not the student's.
    """
    pairs = [
        (place, row["valid_accuracy"], row["test_accuracy"])
        for place, row in enumerate(rows)
        if "valid_accuracy" in row and "test_accuracy" in row
    ]
    measured = _measured([valid for _, valid, _ in pairs])
    yield from _held(pairs, measured)
    at = [pair for pair, is_measured in zip(pairs, measured, strict=True) if is_measured]
    yield from _near(at, largest_gap)
    if valid_size and test_size:
        yield from _possible(at, valid_size, test_size)


Pair = tuple[int, Number, Number]


def _measured(valid: Sequence[Number]) -> list[bool]:
    best: Number = 0
    measured = []
    for value in valid:
        measured.append(value >= best)
        best = max(best, value)
    return measured


def _held(pairs: Sequence[Pair], measured: Sequence[bool]) -> Iterator[Finding]:
    places = [
        place
        for (_, _, before), (place, _, test), is_measured in zip(pairs, pairs[1:], measured[1:], strict=False)
        if test != before and not is_measured
    ]
    if places:
        yield Finding(
            code="log-test-changes-off-maximum",
            sentence=f"The test accuracy changes on {len(places)} rows where the validation accuracy is below its best "
            "so far, and the loop tests at new maxima only.",
            rows=tuple(places),
        )


def _near(pairs: Sequence[Pair], largest_gap: Number) -> Iterator[Finding]:
    far = [(place, valid, test) for place, valid, test in pairs if abs(test - valid) > largest_gap]
    if far:
        yield Finding(
            code="log-test-far-from-validation",
            sentence=f"Test and validation accuracy differ by {listed(abs(t - v) for _, v, t in far)} on rows where "
            f"both are measured; the first contains the second, so more than {largest_gap:g} is unusual.",
            rows=tuple(place for place, _, _ in far),
        )


def _possible(pairs: Sequence[Pair], valid_size: int, test_size: int) -> Iterator[Finding]:
    total = valid_size + test_size
    beyond = [
        place
        for place, valid, test in pairs
        if (test + 1) * total <= valid * valid_size or test * total >= (valid + 1) * valid_size + 100 * test_size
    ]
    if beyond:
        yield Finding(
            code="log-test-impossible",
            sentence=f"On {len(beyond)} rows no number of right answers among {test_size} test samples gives this test "
            f"accuracy, since {valid_size} validation samples are counted in.",
            rows=tuple(beyond),
        )
