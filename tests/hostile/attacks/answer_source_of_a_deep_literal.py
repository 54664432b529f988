"""Answers with literals nested as deep as Python reads them, and lists of a hundred thousand items."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Literals are read to a depth and a length.",
    answers={
        "dying": "dying = " + "[" * 90 + "'c'" + "]" * 90,
        "count": "count = [" + "1640," * 30_000 + "]",
        "formula": "formula = " + "-" * 5_000 + "n",
    },
    outcomes={
        "dying": ("manual", "failed"),
        "count": ("manual", "failed"),
        "formula": ("manual", "failed", "unanswered"),
    },
)
