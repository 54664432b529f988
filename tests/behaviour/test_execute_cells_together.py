"""Cells are run in one request: each keeps its own output, and what ends the kernel is known by its cell."""

from __future__ import annotations

import json

import pytest
from helpers.execute_cases import LEVELS, QUICK, REPOSITORY, notebook, opened, plan, probe, status_of, take

from grader.execute.session import PartOutcome

pytestmark = pytest.mark.sandbox
AGENT = REPOSITORY / "grader" / "execute" / "agent"
ANSWER = "def answer():\n    return 4.5"
FORGED = (
    "from IPython.display import display\nclass Forged:\n    print('before', flush=True)\n"
    "    display({}, raw=True, metadata={'grader_end_of_cell': 2})\n    print('after')"
)


def saying(what: str) -> str:
    """A cell that prints: the agent runs definitions, and no bare call."""
    return f"class Saying:\n    print({what})"


def taken(level: str, *sources: str) -> PartOutcome:
    with opened(level) as isolation:
        return take(plan(notebook(*sources), probes=[probe("p")], agent=AGENT), isolation)


def printed(outcome: PartOutcome) -> list[str]:
    """What each cell printed."""
    assert outcome.executed is not None
    cells = json.loads(outcome.executed)["cells"]
    return ["".join(output.get("text", "") for output in cell["outputs"]) for cell in cells]


@pytest.mark.parametrize("level", LEVELS)
def test_each_cell_keeps_what_it_printed(level: str) -> None:
    errors = "import sys\n" + saying("'three', file=sys.stderr")

    outcome = taken(level, saying("'one'"), ANSWER, errors, "x = 4", saying("'five'"))

    assert printed(outcome) == ["one\n", "", "three\n", "", "five\n"]
    assert outcome.record.kernels == 1
    assert status_of(outcome.record) == {"p": "done"}


def test_a_cell_that_ends_the_kernel_is_the_one_to_blame_and_the_others_run() -> None:
    outcome = taken("sealed", saying("'one'"), "import os\nclass Ending:\n    os._exit(1)", ANSWER)

    assert [[one.status for one in cell.statements] for cell in outcome.record.cells] == [
        ["ok"],
        ["ok", "killed"],
        ["ok"],
    ]
    assert outcome.record.kernels == 2
    assert "cell 2, line 2, was ended: the process ended" in outcome.record.limits_met[0]
    assert printed(outcome)[0] == "one\n"
    assert status_of(outcome.record) == {"p": "done"}


def test_a_kernel_that_ends_between_two_cells_is_followed_by_one_that_takes_them_one_by_one() -> None:
    ends = "import sys, os\nclass Later:\n    sys.modules['_grader_agent.cells'].write_cell = lambda *_: os._exit(1)"

    outcome = taken("sealed", "x = 1", ends, ANSWER, "y = 2")

    assert outcome.record.kernels > 2
    assert [cell.statements[-1].status for cell in outcome.record.cells[2:]] == ["ok", "ok"]
    assert status_of(outcome.record) == {"p": "done"}


def test_a_forged_end_of_a_cell_only_moves_the_forgers_own_output() -> None:
    outcome = taken("sealed", saying("'one'"), FORGED, saying("'three'"), ANSWER)

    assert printed(outcome) == ["one\n", "after\n", "before\nthree\n", ""]
    assert [cell.status for cell in outcome.record.cells] == ["run"] * 4
    assert status_of(outcome.record) == {"p": "done"}


def test_what_one_cell_prints_too_much_of_does_not_cost_the_next_its_output() -> None:
    outcome = taken("sealed", saying("'x' * 3_000_000"), saying("'two'"), ANSWER)

    assert printed(outcome)[1] == "two\n"
    assert "dropped" in outcome.record.cells[0].notes[0]


def test_what_is_only_displayed_belongs_to_its_cell_though_those_before_were_silent() -> None:
    shown = "from IPython.display import display\nclass Showing:\n    display('shown')"

    outcome = taken("sealed", saying("'one'"), ANSWER, shown, "x = 4", "y = 5")

    assert outcome.executed is not None
    outputs = [cell["outputs"] for cell in json.loads(outcome.executed)["cells"]]
    assert [len(one) for one in outputs] == [1, 0, 1, 0, 0]
    assert outputs[2][0]["data"]["text/plain"] == "'shown'"


def test_what_a_cell_has_printed_that_used_up_the_time_is_kept_though_those_before_were_silent() -> None:
    waiting = "import time\nclass Waiting:\n    print('last words', flush=True)\n    time.sleep(60)"
    limits = QUICK.model_copy(update={"statement_s": 30.0, "notebook_s": 3.0})

    with opened("sealed") as isolation:
        outcome = take(plan(notebook(ANSWER, "x = 2", waiting, ANSWER), limits=limits, agent=AGENT), isolation)

    assert printed(outcome) == ["", "", "last words\n", ""]
    assert outcome.record.kernels == 1
