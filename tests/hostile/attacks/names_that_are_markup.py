"""Gives its classes, attributes, parameters and probes' results names that are markup."""

from helpers.hostile_attacks import HandIn


def shown(graded):
    assert "<img src=x" not in graded.page
    assert "<img src=x" not in graded.summary


ATTACK = HandIn(
    aims_at="whoever reads the page",
    holds="Names are shown as text, shortened.",
    first='EVIL = "<img src=x onerror=alert(1)>"\n',
    answers={
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        setattr(self, EVIL, nn.Linear(input_size, hidden_size))\n"
        "        self.register_parameter(EVIL * 20, nn.Parameter(torch.zeros(hidden_size, hidden_size)))\n"
        "        self.__dict__[EVIL * 3] = EVIL\n\n"
        "    def forward(self, x, h):\n        return {EVIL: getattr(self, EVIL)(x)}\n    # end\n\n"
        "Cell.__name__ = Cell.__qualname__ = EVIL",
    },
    shown=shown,
    waits=("step",),
    room="markup",
)
