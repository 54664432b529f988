"""Answers with a text that stands for an infinite number."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Such a number is wrong, or read by a person, and no fault of ours.",
    answers={"count": 'count = "1e999"'},
    outcomes={"count": ("manual", "failed")},
)
