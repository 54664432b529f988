"""Raises errors whose text never ends, is huge, raises again, or ends the process."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="The text of an error is the student's code, and runs in the student's time.",
    base="right",
    first="""
class Huge(Exception):
    def __str__(self):
        return "x" * 50_000_000

class Raising(Exception):
    def __str__(self):
        raise KeyboardInterrupt

class Endless(Exception):
    def __str__(self):
        while True:
            pass
""",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    raise Endless\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, *arguments):\n"
        "        super().__init__()\n        raise Raising from Huge()\n    # end",
    },
    loses=("softmax", "step"),
    room="loud",
)
