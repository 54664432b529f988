"""Reads and adds keys of the kernel's keyrings, which users share across namespaces."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="keyctl, add_key and request_key are refused.",
    code="""
import ctypes

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(250, 0, -3, 1) >= 0:
        return "keyctl"
    if library.syscall(248, b"user", b"note", b"hello", 5, -4) >= 0:
        return "add_key"
    if library.syscall(249, b"user", b"note", None, 0) >= 0:
        return "request_key"
    raise PermissionError
""",
    raises=("PermissionError",),
)
