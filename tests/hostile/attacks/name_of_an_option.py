"""Calls its file by an option of a command line, and by a command of a shell."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="the grader",
    holds="No shell and no option parser ever sees a name.",
    name=b"--out=$(touch taken);`id`.ipynb",
    student="out-touch-taken-id",
)
