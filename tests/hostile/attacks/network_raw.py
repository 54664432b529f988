"""Opens raw and packet sockets, and reconfigures the network."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Raw sockets need a capability that no kernel has, and so does every change.",
    code="""
import fcntl
import socket
import struct

def attack():
    for family, kind, protocol in ((17, 3, 0x300), (2, 3, 255), (2, 3, 1)):
        try:
            return socket.socket(family, kind, protocol)
        except OSError:
            pass
    with socket.socket() as handle:
        fcntl.ioctl(handle, 0x8914, struct.pack("16sH14s", b"lo", 0, b""))
""",
    raises=("PermissionError", "OSError"),
)
