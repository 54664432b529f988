"""Answers with objects that equal everything."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Only literals are read as answers, and an object that is no array is no result.",
    first="""
class Yes:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("b")

    def __float__(self):
        return 1640.0

    def __str__(self):
        return "b"

    __repr__ = __str__
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __array__ = lambda self, *arguments, **more: np.full((3, 4), 0.25)
""",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    return Yes()\n    # end",
        "dying": "dying = Yes()",
        "count": "count = Yes()",
        "formula": "formula = Yes()",
    },
    waits=("dying", "count", "formula"),
    room="equal",
)
