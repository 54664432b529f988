"""Catches whatever is raised to stop it, and goes on."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert graded.probe("cell.Cell") in ("timeout", "killed")


ATTACK = HandIn(
    aims_at="the grader",
    holds="Whoever swallows the interrupt is ended from outside, and loses that probe alone.",
    base="right",
    first="import time\n",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, *sizes):\n"
        "        super().__init__()\n        while True:\n            try:\n                time.sleep(60)\n"
        "            except BaseException:\n                pass\n    # end"
    },
    loses=("step",),
    shown=shown,
    room="stubborn",
)
