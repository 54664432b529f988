"""Calls its file by the longest name that a system takes."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="the grader",
    holds="What is written for it has a shorter name.",
    name=b"n" * 249 + b".ipynb",
    student="nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn",
)
