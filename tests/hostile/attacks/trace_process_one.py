"""Traces the first process of its sandbox, and reads the memory of another one."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Tracing is refused, and so are reads and writes of another process's memory.",
    code="""
import ctypes
import os

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    child = os.fork()
    if child == 0:
        import time
        time.sleep(5)
        os._exit(0)
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    try:
        for process in (1, child):
            if library.ptrace(16, process, 0, 0) == 0:
                return "attached"
            if library.process_vm_readv(process, vector, 1, vector, 1, 0) > 0:
                return "read"
            if library.process_vm_writev(process, vector, 1, vector, 1, 0) > 0:
                return "written"
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    raise PermissionError(ctypes.get_errno())
""",
    raises=("PermissionError",),
)
