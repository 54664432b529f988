"""Asks whoever runs the grader for a password."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the grader",
    holds="Nobody is asked: there is no way back from a kernel to a terminal.",
    code="""
import getpass

def attack():
    return input("password: ") or getpass.getpass()
""",
    raises=("StdinNotImplementedError", "EOFError"),
)
