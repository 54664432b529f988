"""Defines the same name a thousand times, each time otherwise, in the hope that one is right."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="At most three definitions of a name are probed.",
    first="\n".join(f"def softmax(x):\n    return x * {number}\n" for number in range(1000)),
    room="quiet",
)
