"""Connects to an abstract Unix socket of the host, which no path guards."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Abstract names of the host's do not exist in the kernel's network namespace.",
    code="""
import socket

def attack():
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.connect("\\0@ABSTRACT@")
        return attempt.recv(1)
""",
    raises=("ConnectionRefusedError", "PermissionError"),
)
