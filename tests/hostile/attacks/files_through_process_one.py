"""Reads the environment and the memory of the sandbox's first process."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="The first process of the sandbox cannot be looked into, whoever's it is.",
    code="""
def attack():
    found = b""
    for name in ("mem", "environ", "maps"):
        try:
            with open("/proc/1/" + name, "rb") as file:
                found += file.read(64)
        except OSError:
            pass
    if b"PATH" in found or b"=" in found or b"-" in found:
        return found
    raise PermissionError
""",
    raises=("PermissionError",),
)
