"""Returns tensors that are sparse, complex, without data or of objects."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="Such a result is recorded as what it is, or as an error of the answer's.",
    first="""
class Hostile:
    def __reduce__(self):
        return (__import__("os")._exit, (1,))

    __len__ = __iter__ = __array__ = lambda self, *arguments: 1 / 0
""",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n"
        "    return np.array([[Hostile()] * 4] * 3, dtype=object)\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        y = self.a(x)\n"
        "        return (y.to_sparse(), y.to(torch.complex128), y.to('meta'), Hostile())\n    # end",
    },
)
