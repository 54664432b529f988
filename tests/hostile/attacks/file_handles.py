"""Opens files of the host by their handles, which no path and no mount guards."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Handles can be neither made nor opened.",
    code="""
import ctypes
import os
import struct

def attack():
    library = ctypes.CDLL(None, use_errno=True)
    here = os.open("/usr", os.O_RDONLY)
    for inode in range(2, 40):
        handle = ctypes.create_string_buffer(struct.pack("=IiQ", 8, 1, inode), 128)
        found = library.syscall(304, here, handle, 0)
        if found >= 0:
            return os.listdir(found)
    mount = ctypes.c_int()
    if library.syscall(303, -100, b"/usr", handle, ctypes.byref(mount), 0) == 0:
        return "made"
    raise PermissionError
""",
    raises=("PermissionError",),
)
