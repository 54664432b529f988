"""Hands its inputs back, the same objects or changed in place."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="The right answer is computed from copies that never were in the kernel.",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    x[:] = 0.25\n    return x\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.b = nn.Linear(hidden_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        with torch.no_grad():\n            x.zero_()\n"
        "            h.zero_()\n        return h\n    # end",
    },
    waits=("step",),
)
