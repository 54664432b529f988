"""Hides the library's layer in a list below a private name, and lends it parameters of its own."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="Private attributes, lists and dictionaries are looked through for library layers, too.",
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n"
        "        layer = vars(nn)[''.join(reversed('lleCNNR'))](input_size, hidden_size)\n"
        "        self._hidden = [layer]\n"
        "        for name, parameter in layer.named_parameters():\n"
        "            self.register_parameter(name, parameter)\n\n"
        "    def forward(self, x, h):\n        return self._hidden[0](x, h)\n    # end",
    },
    flags=("forbidden:torch.nn.RNNCell",),
    earns=("step",),
    room="equal",
)
