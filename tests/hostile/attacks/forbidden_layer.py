"""Wraps the library's layer in a class of the right name."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="The name is found in the source and the layer in the object, and a person decides.",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.inner = nn.RNNCell(input_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return self.inner(x, h)\n    # end",
    },
    flags=("forbidden:torch.nn.RNNCell",),
    earns=("step",),
    room="frames",
)
