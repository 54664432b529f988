"""Defines a class whose body never ends."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="the grader",
    holds="The statement is stopped when its time is up.",
    ends=("timeout",),
    code="""
def attack():
    class Waiting:
        while True:
            pass
""",
)
