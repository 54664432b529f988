"""Answers with every number there is, one of which is right."""

from helpers.hostile_attacks import Answer

ATTACK = Answer(
    aims_at="marks",
    holds="Several answers are none: a person reads them, or they are wrong.",
    answers={
        "count": "count = '" + " ".join(str(number) for number in range(1600, 1680)) + "'",
        "dying": 'dying = "a b c"',
        "formula": 'formula = "n d + n^2 + 2 n; n + d; n"',
    },
    outcomes={"count": ("manual", "failed"), "dying": ("manual", "failed"), "formula": ("manual", "failed")},
)
