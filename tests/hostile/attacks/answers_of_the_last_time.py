"""Answers each probe with what it answered, or was asked, the time before."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Every call has inputs of its own, and one point is asked for again to see memory.",
    first="LAST = {}\n",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    last = LAST.get(x.shape, 0 * x)\n    LAST[x.shape] = x\n"
        "    powers = np.exp(last - last.max(axis=1, keepdims=True))\n"
        "    return powers / powers.sum(axis=1, keepdims=True)\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.b = nn.Linear(hidden_size, hidden_size)\n        self.last = None\n\n"
        "    def forward(self, x, h):\n        now = torch.tanh(self.a(x) + self.b(h))\n"
        "        last, self.last = self.last, now.detach()\n"
        "        return 0 * now if last is None or last.shape != now.shape else last + 0 * now\n    # end",
    },
)
