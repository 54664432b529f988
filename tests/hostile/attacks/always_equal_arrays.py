"""Returns arrays and tensors of classes that answer every comparison with yes."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="The bytes of an array come out, not its class.",
    first="""
class Agreeable(np.ndarray):
    __eq__ = lambda self, other: np.True_
    __ne__ = __lt__ = __gt__ = lambda self, other: np.False_
    __array_ufunc__ = lambda self, ufunc, method, *inputs, **more: np.True_
    __array_function__ = lambda self, function, types, arguments, more: True

class Obliging(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), more=None):
        if getattr(function, "__name__", "") in ("allclose", "equal", "isclose", "eq", "__eq__"):
            return True
        return super().__torch_function__(function, types, arguments, more or {})
""",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    return x.view(Agreeable)\n    # end",
        "step": "class Cell(nn.Module):\n    # begin step\n    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__()\n        self.map = nn.Linear(input_size, hidden_size)\n\n"
        "    def forward(self, x, h):\n        return self.map(x).as_subclass(Obliging)\n    # end",
    },
)
