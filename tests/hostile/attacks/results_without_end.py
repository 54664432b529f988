"""Returns tensors of a million million elements, lists that hold themselves, and dictionaries without end."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert graded.probe("softmax") != "done" or graded.outcomes["softmax/values"] == "failed"


ATTACK = HandIn(
    aims_at="the grader",
    holds="What does not fit into evidence is refused before it is copied.",
    first="""
class Endless(dict):
    def items(self):
        while True:
            yield "x", self

    def __len__(self):
        return 1
""",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n"
        "    held = []\n    held.append(held)\n    return held\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return self.a(x).sum().expand(1_000_000, 1_000_000)\n    # end",
    },
    shown=shown,
)
