"""Answers with arithmetic that would never end if it were carried out."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Only small arithmetic is carried out.",
    answers={"count": "count = 9**9**9**9 * (1 << 10**9)"},
    outcomes={"count": ("manual", "failed")},
)
