"""Closes every descriptor of its process, the sockets to the grader included, and waits."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="the grader",
    holds="A kernel that does not answer is ended, and the next one leaves the statement out.",
    ends=("timeout", "killed"),
    code="""
import os
import time

def attack():
    os.closerange(0, 1024)
    while True:
        time.sleep(1)
""",
)
