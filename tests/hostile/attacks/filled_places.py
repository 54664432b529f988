"""Fills every place that it can write to."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="What can be written is small and lies in memory of the kernel's own.",
    code="""
import os

def attack():
    block = b"x" * 1_000_000
    for place in ("/tmp", "/work", "/dev/shm", "/evidence", "/sockets", "/var/tmp", "/run"):
        files = []
        try:
            for number in range(8):
                files.append(place + "/fill-%d" % number)
                with open(files[-1], "wb") as file:
                    for _ in range(10):
                        file.write(block)
            return place
        except OSError:
            pass
        finally:
            for name in files:
                if os.path.exists(name):
                    os.unlink(name)
    raise OSError
""",
    raises=("OSError",),
)
