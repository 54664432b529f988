"""Calls its file by a formula that a spreadsheet would run."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="whoever reads the page",
    holds="It stands in the table behind an apostrophe.",
    name=b"=cmd()+1.ipynb",
    student="cmd-1",
)
