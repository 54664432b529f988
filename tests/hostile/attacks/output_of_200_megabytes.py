"""Prints 200 megabytes in one statement."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert len(graded.executed) < 200_000


ATTACK = HandIn(
    aims_at="the grader",
    holds="Output beyond the limit is dropped in the kernel before it is sent, and costs no mark.",
    base="right",
    first="""
def shout():
    line = "x" * 999_999
    for _ in range(200):
        print(line)

shouted = shout()
""",
    shown=shown,
    room="loud",
)
