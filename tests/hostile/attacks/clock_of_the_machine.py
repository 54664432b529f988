"""Sets the clock of the machine, so that everybody else is late."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="No clock can be set.",
    code="""
import time

def attack():
    time.clock_settime(time.CLOCK_REALTIME, 0)
    return time.time()
""",
    raises=("PermissionError",),
)
