"""Returns floods of NaN and of infinities, which no comparison finds different."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="A value that is not a finite number equals nothing.",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    return np.full(x.shape, np.nan)\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.b = nn.Linear(hidden_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return (self.a(x) + self.b(h)) * float('nan')\n    # end",
    },
)
