"""Talks to the machine below this one, or to other guests, by the sockets of virtual machines."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Sockets of families that network namespaces do not divide cannot be made.",
    code="""
import ctypes
import socket

def attack():
    library = ctypes.CDLL(None)
    for family in (40, 38, 44, 30, 17, 1 << 31 | 40):
        for kind in (1, 2, 5):
            if library.socket(family, kind, 0) >= 0 or library.syscall(41, 1 << 32 | family, kind, 0) >= 0:
                return family, kind
    return socket.socket(40, socket.SOCK_STREAM)
""",
    raises=("PermissionError", "OSError"),
)
