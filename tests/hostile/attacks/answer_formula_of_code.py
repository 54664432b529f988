"""Answers with code that would run if a formula were evaluated."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="A formula is read by a grammar of its own and never run.",
    answers={"formula": "formula = \"__import__('os').system('touch /tmp/taken') or lambda: n.__class__.__mro__\""},
    outcomes={"formula": ("manual", "failed")},
)
