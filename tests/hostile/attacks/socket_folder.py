"""Removes its own sockets and puts others in their place, so that the grader connects to those."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the grader",
    holds="The folder of the sockets is read-only once they are bound.",
    levels=("sealed",),
    code="""
import os

def attack():
    for name in os.listdir("/sockets"):
        os.rename("/sockets/" + name, "/sockets/other")
        return name
    open("/sockets/new", "w")
""",
    raises=("OSError", "PermissionError"),
)
