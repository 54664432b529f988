"""Mounts over the system, remounts it writable, and unmounts what hides it."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="No way to mount, to remount or to unmount is left.",
    code="""
import ctypes

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    attempts = (
        lambda: library.mount(b"none", b"/tmp", b"tmpfs", 0, None),
        lambda: library.mount(b"none", b"/usr", None, 32 | 4096, None),
        lambda: library.mount(b"/", b"/work", None, 4096, None),
        lambda: library.umount2(b"/proc", 2),
        lambda: library.umount2(b"/env", 2),
        lambda: library.syscall(155, b"/work", b"/work"),
        lambda: library.syscall(428, -100, b"/usr", 1),
        lambda: library.syscall(430, b"tmpfs", 0),
        lambda: library.syscall(442, -100, b"/usr", 0, 0, 0),
    )
    for number, attempt in enumerate(attempts):
        if attempt() >= 0:
            return number
    raise PermissionError
""",
    raises=("PermissionError",),
)
