"""Calls its file by bytes that are no text."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="the grader",
    holds="It is graded under a name that can be written.",
    name=b"\xff\xfe\x80.ipynb",
    student="s-a73f4cb996",
)
