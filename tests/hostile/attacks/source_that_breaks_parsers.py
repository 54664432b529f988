"""Brings source that overflows the parsers of Python: brackets, signs and sums without end, zero bytes."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="Cells that Python cannot read are passed over, in the kernel and outside.",
    first="x = " + "(" * 3_000 + ")" * 3_000,
    last="y = " + "-" * 60_000 + "1\n",
    room="quiet",
)
