"""What a function returns at the oracle's own points is named by the oracle, as a written formula is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.agent_kernel import load, ship
from helpers.derivations import parameters
from helpers.derived_functions import coursework, hand_in
from helpers.notebook_cases import Desk

from grader.score.case import Coursework
from grader.score.kinds import Verdict

ARGUMENTS = {"x_prev": "x_1", "x": "x_2", "h_prev": "h_1", "h": "h_2", "z": "z_2", "g": "g_2", "y": "y_2"}
RIGHT = "(h - y) * (h_prev - g) * z * (1 - z)"


def rubric() -> dict[str, Any]:
    """A gated unit: what the lines compute is given to the function."""
    asked = {"id": "q", "title": "W_xz", "marks": 12, "kind": "derivation", "show": "gap", "credit": {"unnamed": 0}}
    asked |= parameters("gated", "W_xz", function="gradient", arguments=ARGUMENTS, scope="local", layout="given")
    return {"title": "Gated", "oracle": "recurrent", "questions": [asked]}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("gated")
    course = Coursework.load(coursework(folder / "course", json.dumps(rubric())))
    return Desk(load(ship(tmp_path_factory.mktemp("agent"))), folder, course)


def judged(desk: Desk, returned: str) -> Verdict:
    """The verdict on a function that returns this."""
    code = f"import numpy as np\ndef gradient({', '.join(ARGUMENTS)}):\n    return {returned}\n"
    case = desk.case(hand_in(code), ["q"])
    asked = case.coursework.rubric.question("q")
    return case.judge(asked, asked.checks[0])


@pytest.mark.parametrize(
    ("returned", "mistakes", "mark"),
    [
        (f"np.outer(x, {RIGHT})", (), 12),
        (f"np.outer(x_prev, {RIGHT})", ("tau.x1",), 6),
        (f"np.outer({RIGHT}, x)", ("tau.outer_transposed",), 6),
        (f"np.outer(x, {RIGHT})".replace("(1 - z)", "(1 - z ** 2)"), ("tau.sigma_prime",), 6),
        (f"np.outer(x, {RIGHT}) * 3", (), 0),
    ],
)
def test_a_function_is_named_at_the_points_of_the_oracle(
    desk: Desk, returned: str, mistakes: tuple[str, ...], mark: int
) -> None:
    found = judged(desk, returned)

    assert (found.diagnosis, found.mark) == (mistakes, mark), found.reason


def test_what_the_lines_compute_is_carried_with_the_probe(tmp_path: Path) -> None:
    """What hangs on the lines cannot be drawn, so the numbers are those of the judge's own points."""
    plan = Coursework.load(coursework(tmp_path / "course", json.dumps(rubric()))).plan

    assert '"values"' in plan.student[0].model_dump_json()
    assert '"draw"' not in plan.student[0].model_dump_json()
