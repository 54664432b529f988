"""Answers with one quotient of quotients of a hundred parts, none with brackets."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Readings are not multiplied without end.",
    answers={"formula": 'formula = "' + "1/2n" + "/2n" * 100 + '"'},
    outcomes={"formula": ("manual", "failed")},
)
