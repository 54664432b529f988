"""All rules over the rows of a training log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reference.curves.accuracies import check_accuracies
from reference.curves.finding import Band, Finding, Row
from reference.curves.grid import check_grid
from reference.curves.losses import check_losses
from reference.curves.pooled import check_pooled
from reference.curves.schedule import check_schedule

KEYS = {
    "first_iteration": "iteration of the first row",
    "step": "iterations from row to row",
    "last_iteration": "iteration of the last row",
    "rows": "number of rows",
    "columns": "columns that every row should have",
    "classes": "number of classes",
    "first_loss": "(lowest, highest) of the first loss; from the classes if it is not given",
    "last_loss": "(lowest, highest) of the last loss",
    "whole_percent": "true if accuracies are whole per cents, false if they are shares",
    "last_accuracy": "(lowest, highest) of the last accuracies",
    "pooled": "true if the test accuracy pools both sets and is measured at best validation accuracies only",
    "valid_size": "samples of the validation set",
    "test_size": "samples of the test set",
    "largest_gap": "points by which pooled test and validation accuracy may differ",
    "schedule": "{first, constant_epochs, decay} of the learning rate",
}
"""What an expectation may hold; every rule whose keys or columns are absent is left out."""


def check_log(rows: Sequence[Row], expectation: Mapping[str, Any]) -> Sequence[Finding]:
    """What does not fit in a training log.

    Args:
        rows: rows in the order of printing, with the columns "iteration", "epoch", "loss", "accuracy",
            "valid_accuracy", "test_accuracy", "learning_rate", as far as the log has them.
        expectation: what the coursework fixes; the keys are those of `KEYS`.

    Raises:
        ValueError: if the expectation has an unknown key.
    """
    unknown = sorted(set(expectation) - set(KEYS))
    if unknown:
        raise ValueError(f"expectation has {', '.join(unknown)}; wanted keys among {', '.join(KEYS)}")
    if not rows:
        return [Finding(code="log-empty", sentence="There is no row.")]
    return list(_findings(rows, expectation))


def _findings(rows: Sequence[Row], given: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _complete(rows, given.get("columns", ()), given.get("rows"))
    yield from check_grid(rows, given.get("first_iteration"), given.get("step"), given.get("last_iteration"))
    classes = given.get("classes")
    yield from check_losses(rows, classes, _band(given, "first_loss"), _band(given, "last_loss"))
    yield from check_accuracies(rows, classes, _band(given, "last_accuracy"), given.get("whole_percent", True))
    if given.get("pooled", False):
        gap = {"largest_gap": given["largest_gap"]} if "largest_gap" in given else {}
        yield from check_pooled(rows, given.get("valid_size"), given.get("test_size"), **gap)
    if "schedule" in given:
        yield from check_schedule(rows, **given["schedule"])


def _complete(rows: Sequence[Row], columns: Sequence[str], wanted: int | None) -> Iterator[Finding]:
    if wanted is not None and len(rows) != wanted:
        yield Finding(code="log-row-count", sentence=f"There are {len(rows)} rows; {wanted} were expected.")
    for name in columns:
        without = tuple(place for place, row in enumerate(rows) if name not in row)
        if without:
            words = name.replace("_", " ")
            yield Finding(code="log-column-missing", sentence=f"{len(without)} rows have no {words}.", rows=without)


def _band(given: Mapping[str, Any], name: str) -> Band | None:
    """A band of the expectation, whether it came as a tuple or as the list that YAML makes of it."""
    if name not in given:
        return None
    low, high = given[name]
    return low, high
