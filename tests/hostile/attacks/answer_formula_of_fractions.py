"""Answers in LaTeX with fractions in fractions, a thousand deep."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="The grammar gives up at a depth, and a person reads it.",
    answers={"formula": 'formula = r"' + r"\frac{n}{" * 1_000 + "d" + "}" * 1_000 + '"'},
    outcomes={"formula": ("manual",)},
)
