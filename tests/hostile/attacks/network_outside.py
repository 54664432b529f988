"""Sends TCP and UDP to other machines, and asks for a name."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="There is no route to anywhere, and no name server.",
    code="""
import socket

def attack():
    for way in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
            try:
                with socket.socket(family, way) as attempt:
                    attempt.settimeout(0.3)
                    attempt.connect((address, 53))
                    attempt.send(b"hello")
                    return address
            except OSError:
                pass
    return socket.getaddrinfo("example.org", 80)
""",
    raises=("gaierror", "OSError", "PermissionError"),
)
