"""What is asked of a kernel: few requests as long as nothing went wrong, one for each thing after that."""

from __future__ import annotations

from typing import Any

import pytest

from grader.execute.collect import JournalLine
from grader.execute.units import Unit, units_of


def lines(**asked: Any) -> list[list[str]]:
    """The calls of each request, without what they are called on."""
    units = units_of(**({"part": "student", "cells": [0, 2], "probes": ["p", "q"]} | asked))
    return [[call.partition(").")[2] for call in unit.code.split("; ")] for unit in units]


def test_cells_probes_and_the_end_are_one_request() -> None:
    assert lines() == [["cell(0, 2)", "probe('p', 'q')", "finish()"]]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"probes": []}, [["cell(0, 2)", "finish()"]], id="no probes"),
        pytest.param({"cells": []}, [["probe('p', 'q')", "finish()"]], id="no cells"),
        pytest.param({"cells": [], "probes": ["p"]}, [["probe('p')"], ["finish()"]], id="one probe"),
        pytest.param({"cells": [], "probes": []}, [["finish()"]], id="nothing"),
        pytest.param(
            {"part": "stand-ins"}, [["cell(0, 2)"], ["stand_in()"], ["probe('p', 'q')", "finish()"]], id="stand-ins"
        ),
        pytest.param(
            {"train": [2]}, [["cell(0)"], ["train(2)"], ["probe('p', 'q')", "finish()"]], id="training before probes"
        ),
        pytest.param(
            {"singly": True},
            [["cell(0)"], ["cell(2)"], ["probe('p')"], ["probe('q')"], ["finish()"]],
            id="one by one",
        ),
    ],
)
def test_other_requests(asked: dict[str, Any], expected: list[list[str]]) -> None:
    assert lines(**asked) == expected


MANY = Unit(kind="cell", cells=(0, 2), probes=("p", "q"), then_finish=True)


@pytest.mark.parametrize(
    ("unfinished", "expected"),
    [
        (JournalLine(begin="statement", cell=2, ordinal=1), Unit(kind="cell", cells=(2,))),
        (JournalLine(begin="probe", probe="q", definition=0), Unit(kind="probe", probes=("q",))),
        (JournalLine(begin="probe", probe="another", definition=0), None),
        (JournalLine(begin="statement", cell=7, ordinal=1), None),
        (None, None),
    ],
)
def test_the_culprit_among_many_is_what_the_journal_says(unfinished: JournalLine | None, expected: Unit | None) -> None:
    assert MANY.culprit(unfinished) == expected


def test_the_only_thing_asked_for_is_the_culprit_whatever_the_journal_says() -> None:
    unit = Unit(kind="train", cells=(2,))

    assert unit.culprit(JournalLine(begin="statement", cell=7, ordinal=1)) is unit
