"""Answers every probe with a plausible constant: equal probabilities, a state of zeros."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Inputs are drawn anew for each run, and no constant is right for them.",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    return np.full(x.shape, 1 / x.shape[1])\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.b = nn.Linear(hidden_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return torch.zeros_like(h) + 0 * (self.a(x) + self.b(h))\n    # end",
    },
    waits=("step",),
)
