"""Ends its process in a probe, with the status of success."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert graded.probe("cell.Cell") == "killed"
    assert graded.record.kernels > 1


ATTACK = HandIn(
    aims_at="marks",
    holds="A probe that ends its kernel has failed; the others are run in a fresh one.",
    base="right",
    first="import os\n",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, *sizes):\n"
        "        super().__init__()\n        os._exit(0)\n    # end"
    },
    loses=("step",),
    shown=shown,
    room="ended",
)
