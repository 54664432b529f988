"""Stops its own process, which then neither works nor ends."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="the grader",
    holds="The kernel is ended from outside; the next one leaves the statement out.",
    ends=("timeout", "killed"),
    code="""
import os
import signal

def attack():
    os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        pass
""",
)
