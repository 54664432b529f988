"""Ends its process with the status of success, in a definition."""

from helpers.hostile_attacks import Ending

ATTACK = Ending(
    aims_at="marks",
    holds="A kernel that ends has not finished, whatever it says.",
    code="""
import os

def attack():
    os._exit(0)
""",
)
