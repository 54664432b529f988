"""Calls its file by a function of a spreadsheet."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="whoever reads the page",
    holds="It stands in the table behind an apostrophe.",
    name=b"@SUM(1+9).ipynb",
    student="sum-1-9",
)
