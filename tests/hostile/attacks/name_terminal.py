"""Calls its file by commands to a terminal, over several lines, from right to left."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="whoever reads the page",
    holds="Control characters are taken out of every name that is shown.",
    name="a\x1b[2J\n=1\u202egnp.ipynb".encode(),
    student="a-2j-1gnp",
)
