"""Registers functions that would write evidence when the interpreter ends."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="A kernel is killed, not asked to leave, and its evidence is read when it is dead.",
    first="""
import atexit
import json
import sys
import threading

def praise(*arguments):
    with open("/evidence/probe-softmax@0.json", "w") as file:
        json.dump({"probe": "softmax", "definition": 0, "status": "done", "values": {"small": {"kind": "none"}}}, file)

registered = atexit.register(praise)
also = threading._register_atexit(praise)
""",
    room="quiet",
    flags=("tampering:/evidence",),
)
