"""Answers with numbers that no float holds."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Such a number is wrong, or read by a person, and no fault of ours.",
    answers={"count": "count = 1" + "0" * 400},
    outcomes={"count": ("manual", "failed")},
)
