"""Answers with forty quotients, each of which can be read in two ways."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Readings are not multiplied without end.",
    answers={"formula": 'formula = "' + " + ".join(["1/2n"] * 40) + '"'},
    outcomes={"formula": ("manual", "failed")},
)
