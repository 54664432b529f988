"""Writes into the interpreter's own memory: True becomes what it likes, and small numbers others."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="It is the student's own process that suffers; ctypes is flagged.",
    first="""
import ctypes

def swap():
    ctypes.c_char.from_address(id(0.25) + 16).value = b"?"
    return ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))

swapped = swap()
""",
    flags=("tampering:ctypes",),
    room="memory",
)
