"""Recurses until the stack of the process is used up."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="the grader",
    holds="The crash costs the statement; the next kernel leaves it out.",
    ends=("killed", "raised"),
    code="""
import sys

class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")

def attack():
    sys.setrecursionlimit(10**9)
    return repr(Deep().x)
""",
)
