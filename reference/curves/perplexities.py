"""Rules over a table of perplexities: one row a model, columns for the training, validation and test set."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reference.curves.finding import Band, Finding, Number, Row, outside

SPLITS = ("train", "valid", "test")
KEYS = {
    "vocabulary": "number of words: an even guess has this perplexity",
    "test_band": "(lowest, highest) of the test perplexity",
    "train_below_valid": "true if training perplexities should be below those of validation",
    "test_below_valid": "true if test perplexities should be below those of validation, as on the Penn Treebank",
    "pairs": "[(row with dropout, row without), ...], by place",
    "unit": "nats or bits: the unit of the losses",
    "rounding": "half a unit in the last place of the losses; 0.005 if it is not given",
    "perplexity_rounding": "the same of the perplexities",
    "rows": "number of rows",
    "claims": "[{before, after, split, drop, within}, ...]: differences that the text states, rows by place",
}
"""What an expectation may hold."""


def check_perplexities(rows: Sequence[Row], expectation: Mapping[str, Any]) -> Sequence[Finding]:
    r"""What does not fit in a table of perplexities.

    Equations
        1 ≤ ppl ≤ V                     V words of the vocabulary: an even guess has V
        ppl = exp(nats) = 2^bits        up to rounding of the loss
        ppl_train < ppl_valid           a model fits best what it was trained on
        ppl_test < ppl_valid            of the Penn Treebank, whose test set is the easier one
        ppl_valid(dropout) < ppl_valid(no dropout)

    Shapes      rows: one a model, columns "train", "valid", "test" and, where losses are given, "train_loss",
                "valid_loss", "test_loss" · expectation: keys of KEYS
    Source      Zaremba, Sutskever and Vinyals 2014, arXiv:1409.2329v5, section 4.1, table 1 for the order of the sets
                and the effect of dropout.
    Departures  A rule whose key is absent is left out, but for impossible values and losses that do not fit.
    Numerics    The interval of a rounded loss is put through the exponential, so rounding alone is never found.
    Oracle      Tables with planted faults (tests/unit/reference/test_curves_perplexities.py).
    Mistakes    ppl.two_to_nats and ppl.bits_vs_nats are said where the numbers show them.

    Raises:
        ValueError: if the expectation has an unknown key or unit.
    """
    unknown = sorted(set(expectation) - set(KEYS))
    if unknown:
        raise ValueError(f"expectation has {', '.join(unknown)}; wanted keys among {', '.join(KEYS)}")
    if expectation.get("unit", "nats") not in ("nats", "bits"):
        raise ValueError(f"unit is {expectation['unit']!r}; wanted nats or bits")
    if not rows:
        return [Finding(code="perplexity-empty", sentence="There is no row.")]
    return list(_findings(rows, expectation))


def _findings(rows: Sequence[Row], given: Mapping[str, Any]) -> Iterator[Finding]:
    wanted = given.get("rows")
    if wanted is not None and len(rows) != wanted:
        yield Finding(code="perplexity-row-count", sentence=f"There are {len(rows)} rows; {wanted} were expected.")
    for place, row in enumerate(rows):
        yield from _possible(place, row, given.get("vocabulary"))
        yield from _of_losses(place, row, given)
        if given.get("train_below_valid"):
            yield from _below(place, row, "train")
        if given.get("test_below_valid"):
            yield from _below(place, row, "test")
        if "test_band" in given:
            low, high = given["test_band"]
            yield from _band(place, row, (low, high))
    for better, worse in given.get("pairs", ()):
        if max(better, worse) < len(rows):
            yield from _dropout(rows, better, worse)
    for claim in given.get("claims", ()):
        if max(claim["before"], claim["after"]) < len(rows):
            yield from _claim(rows, claim)


def _possible(place: int, row: Row, vocabulary: int | None) -> Iterator[Finding]:
    most = math.inf if vocabulary is None else vocabulary
    for split in SPLITS:
        if split in row and (outside(row[split], (1, most)) or math.isinf(row[split])):
            top = "" if vocabulary is None else f" and not above {vocabulary}, that of an even guess"
            yield Finding(
                code="perplexity-impossible",
                sentence=f"The {split} perplexity {row[split]:g} should be at least 1{top}.",
                rows=(place,),
            )


def _of_losses(place: int, row: Row, given: Mapping[str, Any]) -> Iterator[Finding]:
    unit = given.get("unit", "nats")
    rounding = given.get("rounding", 0.005), given.get("perplexity_rounding", 0.005)
    power, other = (math.exp, math.exp2) if unit == "nats" else (math.exp2, math.exp)
    for split in SPLITS:
        loss = row.get(f"{split}_loss")
        if loss is None or split not in row or not abs(loss) < 700 or _within(row[split], power, loss, rounding):
            continue
        slip = f" It is {'2' if unit == 'nats' else 'e'} to the power of the loss."
        yield Finding(
            code="perplexity-not-of-loss",
            sentence=f"The {split} perplexity {row[split]:g} does not belong to a loss of {loss:g} {unit}, which has "
            f"{power(loss):.4g}.{slip if _within(row[split], other, loss, rounding) else ''}",
            rows=(place,),
        )


def _within(
    perplexity: Number, power: Callable[[Number], float], loss: Number, rounding: tuple[Number, Number]
) -> bool:
    """True if a loss that rounds to this one has a perplexity that rounds to this one."""
    of_loss, of_perplexity = rounding
    return power(loss - of_loss) - of_perplexity <= perplexity <= power(loss + of_loss) + of_perplexity


def _below(place: int, row: Row, split: str) -> Iterator[Finding]:
    if split in row and "valid" in row and not row[split] < row["valid"]:
        yield Finding(
            code=f"perplexity-{split}-above-valid",
            sentence=f"The {split} perplexity {row[split]:g} is not below that of validation, {row['valid']:g}.",
            rows=(place,),
        )


def _band(place: int, row: Row, band: Band) -> Iterator[Finding]:
    if "test" in row and outside(row["test"], band):
        yield Finding(
            code="perplexity-test-band",
            sentence=f"The test perplexity {row['test']:g} is not between {band[0]:g} and {band[1]:g}.",
            rows=(place,),
        )


def _dropout(rows: Sequence[Row], better: int, worse: int) -> Iterator[Finding]:
    one, other = rows[better].get("valid"), rows[worse].get("valid")
    if one is not None and other is not None and not one < other:
        yield Finding(
            code="perplexity-dropout-not-better",
            sentence=f"With dropout the validation perplexity is {one:g}, not below the {other:g} without.",
            rows=(better, worse),
        )


def _claim(rows: Sequence[Row], claim: Mapping[str, Any]) -> Iterator[Finding]:
    before, after = (rows[claim[end]].get(claim["split"]) for end in ("before", "after"))
    if before is None or after is None:
        return
    drop = before - after
    if abs(drop - claim["drop"]) > claim.get("within", 0.5):
        yield Finding(
            code="perplexity-claim",
            sentence=f"The text says that the {claim['split']} perplexity falls by {claim['drop']:g}; in the table it "
            f"falls by {drop:.2f}.",
            rows=(claim["before"], claim["after"]),
        )
