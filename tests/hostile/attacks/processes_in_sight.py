"""Looks for processes of the host, and of other kernels."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="A kernel sees the few processes of its own sandbox.",
    code="""
import os

def attack():
    found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    if len(found) > 6 or max(found) > 1000:
        return found
    raise ProcessLookupError
""",
    raises=("ProcessLookupError",),
)
