"""Answers with a product of sums that has more terms than there is memory."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="the grader",
    holds="Formulas are compared by their values, or given to a person.",
    answers={"formula": 'formula = "' + "((((n+d)^12+1)^12+d)^12+n)^12" + '"'},
    outcomes={"formula": ("manual", "failed")},
)
