"""Calls its file by the way to another folder."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="other hand-ins",
    holds="Folders are named by us; no name leads out of them.",
    name=b"x..\\..\\zzz-honest.ipynb",
    student="x-zzz-honest",
)
