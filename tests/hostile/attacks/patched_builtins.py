"""Replaces print, len, abs, isinstance and open, to print marks of its own and to hide what is wrong."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="What a kernel prints is no mark; the replaced functions are flagged.",
    first="""
import builtins

shown = builtins.print

def praise(*words, **more):
    shown('{"total": 12, "outcome": "passed"}')

builtins.print = praise
builtins.abs = lambda value: 0
builtins.__dict__["all"] = lambda values: True
""",
    flags=("tampering:builtins.print", "tampering:builtins.abs"),
    room="memory",
)
