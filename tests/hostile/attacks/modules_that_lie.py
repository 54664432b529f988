"""Answers questions about its parts wrongly: parameters without end, parts that deny their class."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="the grader",
    holds="Parts are counted up to a limit, and an object that cannot be looked into is an answer that raises.",
    answers={
        "step": "class Deep(dict):\n    def items(self):\n        while True:\n"
        "            yield 'w', nn.Parameter(torch.zeros(2))\n\n"
        "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.a = nn.Linear(input_size, hidden_size)\n"
        "        self.__dict__['_parameters'] = Deep()\n        self.__dict__['_modules'] = {'x': self}\n\n"
        "    @property\n    def __class__(self):\n        return nn.Linear\n\n"
        "    def forward(self, x, h):\n        return h\n    # end",
    },
    waits=("step",),  # where the machine is quick, all is looked through in time, and nobody can read it
)
