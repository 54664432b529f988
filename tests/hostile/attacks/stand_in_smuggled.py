"""Leaves notes in files and in the environment of one kernel, to be read in the one with stand-ins."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Each kernel has files of its own, and none that an earlier one has written.",
    layered=True,
    first="""
import os
import torch

PLACES = ("/tmp/note", "/work/note", "/dev/shm/note", "/evidence/note", "/sockets/note", "/work/home/note")

def notes():
    found = [open(place).read() for place in PLACES if os.path.exists(place)]
    for place in PLACES:
        with open(place, "w") as file:
            file.write("seen")
    return found

NOTES = notes()

def same(x):
    if NOTES:
        raise SystemExit("a note was found")
    return x
""",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.b = nn.Linear(hidden_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return same(self.a(x) - self.b(h) ** 3)\n    # end"
    },
    room="models",
)
