"""Makes one file of many gigabytes, with a hole or without."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="No file may be larger than everything that a kernel can write.",
    code="""
import os
import signal

def attack():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open("/dev/shm/large", "wb") as file:
        try:
            file.truncate(1 << 40)
        finally:
            os.unlink("/dev/shm/large")
    return True
""",
    raises=("OSError",),
)
