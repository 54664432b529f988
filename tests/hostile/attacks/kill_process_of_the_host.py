"""Kills the grader, and every process that it can name."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the grader",
    holds="A process of the host's has no number in the sandbox.",
    code="""
import os
import signal

def attack():
    os.kill(@HOST_PID@ + 100_000, 0)
    os.kill(@HOST_PID@, signal.SIGKILL)
""",
    raises=("ProcessLookupError", "PermissionError"),
)
