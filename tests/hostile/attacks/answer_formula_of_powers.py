"""Answers with powers of powers, of which the first digits would fill the memory."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Powers above twelve are not computed.",
    answers={"formula": 'formula = "9^{9^{9^{9^{9}}}} + n^{n^{n}}"'},
    outcomes={"formula": ("manual", "failed")},
)
