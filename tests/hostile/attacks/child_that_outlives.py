"""Leaves a process behind that leaves its session and rewrites evidence when the kernel is gone."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="All processes of a kernel die with it, before anything is read.",
    first="""
import ctypes
import os
import time

def leave():
    if os.fork() == 0:
        os.setsid()
        ctypes.CDLL(None).prctl(1, 0)
        if os.fork() == 0:
            os.closerange(0, 256)
            parent = os.getppid()
            while True:
                with open("/evidence/probe-softmax@0.json", "w") as file:
                    file.write('{"probe": "softmax", "status": "done", "values": {}}')
                time.sleep(0.01)
        os._exit(0)
    return True

left = leave()
""",
    flags=(
        "tampering:/evidence",
        "tampering:ctypes",
    ),
    waits=("softmax",),
)
