"""Searches for the sockets of other kernels, to send them requests."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="Only the kernel's own sockets have a path in its sandbox.",
    code="""
import os
import stat

def attack():
    found = []
    for root, folders, files in os.walk("/"):
        if root == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys", "usr", "env")]
        for name in files:
            path = os.path.join(root, name)
            if stat.S_ISSOCK(os.lstat(path).st_mode) and not path.startswith("/sockets/kernel-"):
                found.append(path)
    with open("/proc/net/unix") as file:
        found += [line for line in file if "/" in line and "/sockets/kernel-" not in line]
    if found or len(os.listdir("/sockets")) > 5:
        return found
    raise LookupError
""",
    raises=("LookupError",),
)
