"""Leaves notes for other hand-ins in shared memory, and takes memory that no limit counts."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="Shared memory that outlives a process, and files that only a descriptor names, cannot be made.",
    code="""
import ctypes
import os

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    if library.shmget(0x6D61726B, 4096, 0o1666) >= 0:
        return "shared memory"
    if library.syscall(447, 0) >= 0:
        return "secret memory"
    return os.memfd_create("note")
""",
    raises=("PermissionError",),
)
