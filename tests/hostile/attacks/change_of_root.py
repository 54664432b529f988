"""Changes its root, the first step out of many a jail."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="chroot needs a capability that no kernel has, and the call is refused besides.",
    code="""
import os

def attack():
    os.makedirs("/tmp/jail", exist_ok=True)
    os.chroot("/tmp/jail")
    return os.getcwd()
""",
    raises=("PermissionError",),
)
