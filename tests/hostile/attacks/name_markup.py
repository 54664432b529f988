"""Calls its file by markup that a page would run."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="whoever reads the page",
    holds="Pages show it as text.",
    name=b"<img src=x onerror=alert(1)>.ipynb",
    student="img-src-x-onerror-alert-1",
)
