"""Wraps the library's layer, which it finds by a name put together at run time."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="The layer is found in the constructed object, whatever the source looks like.",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n"
        "        self.inner = vars(nn)[''.join(reversed('lleCNNR'))](input_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return self.inner(x, h)\n    # end",
    },
    flags=("forbidden:torch.nn.RNNCell",),
    earns=("step",),
    room="collector",
)
