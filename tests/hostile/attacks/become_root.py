"""Becomes root: by a call, and by programs that have the bit for it."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="No privilege can be gained, whatever is called.",
    code="""
import ctypes
import os
import subprocess

def attack():
    for way in (lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0]), lambda: os.setresgid(0, 0, 0)):
        try:
            if os.getuid() != 0:
                way()
                return "changed"
        except OSError:
            pass
    for program in (["su", "-c", "id"], ["mount"], ["newgrp"], ["unshare", "-r", "id"]):
        try:
            done = subprocess.run(program, capture_output=True, timeout=1, stdin=subprocess.DEVNULL, text=True)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if "uid=0" in done.stdout:
            return program
    with open("/proc/self/status") as file:
        held = [line for line in file if line.startswith(("CapEff", "CapPrm", "CapBnd")) and int(line.split()[1], 16)]
    if [line for line in held if not line.startswith("CapBnd")] or ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) != 1:
        return held
    raise PermissionError
""",
    raises=("PermissionError",),
)
