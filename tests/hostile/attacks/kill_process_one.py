"""Kills the first process of its sandbox, which would end the kernel as if it had crashed."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the grader",
    holds="The signal is refused, or never reaches the first process of a namespace.",
    code="""
import os
import signal
import time

def attack():
    os.kill(1, signal.SIGKILL)
    time.sleep(0.2)
    os.kill(1, signal.SIGTERM)
    time.sleep(0.2)
    raise PermissionError
""",
    raises=("PermissionError",),
)
