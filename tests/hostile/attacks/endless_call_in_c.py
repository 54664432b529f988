"""Computes for ever inside one call of the interpreter, which listens to no signal."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="the grader",
    holds="The kernel is ended from outside; the next one leaves the statement out.",
    ends=("timeout",),
    code="""
def attack():
    return sum(range(10**15))
""",
)
