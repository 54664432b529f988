"""Sets up a ring, through which calls are made that no filter sees."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="No ring can be set up.",
    code="""
import ctypes

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0:
        return "a ring"
    raise PermissionError
""",
    raises=("PermissionError",),
)
