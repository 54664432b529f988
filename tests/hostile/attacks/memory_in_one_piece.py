"""Asks for more memory than the whole machine has, and for all of what it has."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="What is beyond the limit is refused to the process that asks.",
    code="""
def attack():
    try:
        return len(bytearray(1 << 45))
    except MemoryError:
        return len(bytearray(3 << 30))
""",
    raises=("MemoryError",),
)
