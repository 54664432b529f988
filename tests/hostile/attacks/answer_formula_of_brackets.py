"""Answers with ten thousand brackets."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="The grammar gives up at a depth, and a person reads it.",
    answers={"formula": 'formula = "' + "(" * 10_000 + "n" + ")" * 10_000 + '"'},
    outcomes={"formula": ("manual",)},
)
