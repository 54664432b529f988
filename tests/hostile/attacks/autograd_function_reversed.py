"""Returns the right numbers with the derivatives of another step, as from a table."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Both outputs and derivatives have to be those of the step that was asked for.",
    first="""
class Pretence(torch.autograd.Function):
    @staticmethod
    def forward(context, sums):
        return torch.tanh(sums)

    @staticmethod
    def backward(context, gradient):
        return gradient
""",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.b = nn.Linear(hidden_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return Pretence.apply(self.a(x) + self.b(h))\n    # end"
    },
    room="quiet",
)
