"""Makes namespaces of its own, in which it would have every capability."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="unshare, clone and clone3 with a new namespace, and setns are refused.",
    code="""
import ctypes
import os

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000, 0x04000000, 0x08000000, 0x02000000):
        if library.unshare(flag) == 0:
            return hex(flag)
        if library.syscall(56, flag | 17, 0, 0, 0, 0) >= 0:
            return "clone " + hex(flag)
    arguments = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
    if library.syscall(435, ctypes.byref(arguments), 88) >= 0:
        return "clone3"
    if library.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0) == 0:
        return "setns"
    raise PermissionError
""",
    raises=("PermissionError",),
)
