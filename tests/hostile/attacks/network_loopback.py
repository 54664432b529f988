"""Connects to a server on the host's loopback."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="A kernel has a loopback of its own, on which nobody of the host's listens.",
    code="""
import socket

def attack():
    return socket.create_connection(("127.0.0.1", @PORT@), 1)
""",
    raises=("ConnectionRefusedError", "OSError", "PermissionError"),
)
