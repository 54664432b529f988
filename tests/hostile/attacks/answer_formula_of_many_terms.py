"""Answers with a sum of thirty thousand terms, in code and in signs that look alike."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="What is too long is cut, or given to a person.",
    answers={"formula": 'formula = "' + "n·d＋" * 30_000 + "n" + "\u0301" * 10_000 + '"'},
    outcomes={"formula": ("manual", "failed")},
)
