"""Makes its class a child of the library's layer, found by a computed name."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="What a class inherits from the library is looked at, not only what it is called.",
    answers={
        "step": "# begin step\nclass Cell(vars(nn)[''.join(reversed('lleCNNR'))]):\n"
        "    def forward(self, x, h):\n        return super().forward(x, h)\n# end",
    },
    flags=("forbidden:torch.nn.RNNCell",),
    earns=("step",),
    room="threads",
)
