"""Answers the question about the loop with the library's own, by a computed name and with borrowed parameters."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="The layer is found in the constructed object, whatever the source looks like.",
    layered=True,
    answers={
        "model": "class Model(nn.Module):\n    # begin model\n"
        "    def __init__(self, mode, input_size, hidden_size, layers, bias, output_size):\n"
        "        super().__init__()\n        self.hidden_size = hidden_size\n"
        "        sizes = [input_size] + (layers - 1) * [hidden_size]\n"
        "        self.cells = nn.ModuleList([Cell(size, hidden_size) for size in sizes])\n"
        "        self.inner = vars(nn)['NNR'[::-1]](input_size, hidden_size, layers, batch_first=True)\n"
        "        self.classifier = nn.Linear(hidden_size, output_size)\n\n"
        "    def forward(self, x):\n        return self.classifier(self.inner(x)[0][:, -1])\n    # end"
    },
    flags=("forbidden:torch.nn.RNN",),
    waits=("model",),
    room="library",
)
