"""Answers with what is no number and equals nothing, or everything."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="marks",
    holds="Only a finite number is compared.",
    answers={"count": 'count = "nan"', "dying": "dying = ['a', 'b', 'c']", "formula": 'formula = "n = n"'},
    outcomes={"count": ("manual", "failed"), "dying": ("failed",), "formula": ("manual", "failed")},
)
