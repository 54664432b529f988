"""Loads programs into the kernel of the machine, and opens other parts of it with a history of holes."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="bpf, perf_event_open, userfaultfd and modules are refused.",
    code="""
import ctypes

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    attributes = (ctypes.c_uint64 * 16)(2 | 4 << 32, 4 | 8 << 32)
    calls = ((321, 0, attributes, 72), (298, attributes, 0, -1, -1, 0), (323, 0), (313, -1, b"", 0), (246, 0, 0, 0))
    for number, *arguments in calls:
        if library.syscall(number, *arguments) >= 0:
            return number
    raise PermissionError
""",
    raises=("PermissionError",),
)
