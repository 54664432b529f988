"""Calls its file by an expression of a template language."""

from helpers.hostile_attacks import FileName

ATTACK = FileName(
    aims_at="whoever reads the page",
    holds="Names are filled in, never read as a template.",
    name=b"{{982451653*57885161}}${982451653*57885161}.ipynb",
    student="982451653-57885161-982451653-57885161",
)
