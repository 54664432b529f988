"""A coursework on recurrent networks as live classes: cells and models as students write them, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

MODES = {"LSTM": "lstm", "GRU": "gru", "RNN_TANH": "rnn_tanh", "RNN_RELU": "rnn_relu"}
CELLS = {"LSTM": "LSTMCell", "GRU": "GRUCell", "RNN_TANH": "BasicRNNCell", "RNN_RELU": "BasicRNNCell"}
STAND_INS = {"LSTMCell": nn.LSTMCell, "GRUCell": nn.GRUCell, "BasicRNNCell": nn.RNNCell}


class Fused(nn.Module):
    """Two fused maps, as the handout suggests."""

    gates = 1

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.x2h = nn.Linear(input_size, self.gates * hidden_size, bias=bias)
        self.h2h = nn.Linear(hidden_size, self.gates * hidden_size, bias=bias)

    def zeros(self, input: Tensor) -> Tensor:
        return input.new_zeros(input.size(0), self.hidden_size)


class LSTMCell(Fused):
    """Right."""

    gates = 4

    def forward(self, input: Tensor, hx: Any = None) -> tuple[Tensor, Tensor]:
        h, c = hx if hx is not None else (self.zeros(input), self.zeros(input))
        i, f, g, o = (self.x2h(input) + self.h2h(h)).chunk(4, 1)
        return self.outputs(i, f, g, o, c)

    def outputs(self, i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        cy = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * cy.tanh(), cy


class ForgetInverted(LSTMCell):
    """Forgets what it should keep."""

    def outputs(self, i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        cy = (1 - f.sigmoid()) * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * cy.tanh(), cy


class SquaredCell(LSTMCell):
    """Wrong in a way that nobody has named."""

    def outputs(self, i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        cy = f.sigmoid() * c * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * cy.sin(), cy


class CrashingCell(LSTMCell):
    """Raises at each step."""

    def outputs(self, i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        raise RuntimeError("crash")


class GRUCell(Fused):
    """Right; the update gate weights the candidate, the reset gate comes before the product."""

    gates = 3

    def forward(self, input: Tensor, hx: Any = None) -> Tensor:
        h = hx if hx is not None else self.zeros(input)
        n = self.hidden_size
        w, b = self.h2h.weight[2 * n :], None if self.h2h.bias is None else self.h2h.bias[2 * n :]
        r, z = (self.x2h(input)[:, : 2 * n] + self.h2h(h)[:, : 2 * n]).sigmoid().chunk(2, 1)
        m = (self.x2h(input)[:, 2 * n :] + nn.functional.linear(r * h, w, b)).tanh()
        return (1 - z) * h + z * m


class BasicRNNCell(Fused):
    """Given by the handout."""

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        super().__init__(input_size, hidden_size, bias)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Any = None) -> Tensor:
        h = hx if hx is not None else self.zeros(input)
        return getattr(torch, self.nonlinearity)(self.x2h(input) + self.h2h(h))


def first(state: Any) -> Tensor:
    """The hidden state of a step's outputs."""
    found: Tensor = state[0] if isinstance(state, tuple) else state
    return found


def run(cells: Any, xs: list[Tensor], fault: str = "") -> list[Tensor]:
    """The outputs of the last layer at each time.

    Args:
        cells: one for each layer.
        xs: the input at each time.
        fault: "not stacked", "detached", "reset" or nothing.
    """
    sequence = xs
    for cell in cells:
        state, outputs = None, []
        for x in xs if fault == "not stacked" else sequence:
            state = cell(x) if state is None or fault == "reset" else cell(x, state)
            if fault == "detached":
                state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            outputs.append(first(state))
        sequence = outputs
    return sequence


def build(scope: dict[str, Any], mode: str, d: int, n: int, layers: int, bias: bool) -> nn.ModuleList:
    """The cells of one direction."""
    extra = (mode[4:].lower(),) if mode.startswith("RNN_") else ()
    return nn.ModuleList(scope[CELLS[mode]](d if i == 0 else n, n, bias, *extra) for i in range(layers))


def stacked(scope: dict[str, Any], loop: Callable[..., list[Tensor]] = run, pick: int = -1, **faults: str) -> type:
    """A model of stacked cells.

    Args:
        scope: the notebook's names.
        loop: runs the cells.
        pick: which output the classifier reads.
        faults: mode -> fault of the loop.
    """

    class RNNModel(nn.Module):
        def __init__(self, mode: str, d: int, n: int, layers: int, bias: bool, out: int) -> None:
            super().__init__()
            self.mode = mode
            self.rnn_cell_list = build(scope, mode, d, n, layers, bias)
            self.att_fc = nn.Linear(n, 1)
            self.fc = nn.Linear(n, out)

        def forward(self, input: Tensor) -> Tensor:
            outs = loop(self.rnn_cell_list, list(input.permute(1, 0, 2)), faults.get(self.mode, ""))
            return self.fc(outs[pick].squeeze())

    return RNNModel


def bidirectional(scope: dict[str, Any], *, realigned: bool = True) -> type:
    """A model of two stacks, one of which reads backwards.

    Args:
        scope: the notebook's names.
        realigned: False to leave the outputs of the second in the order of processing.
    """

    class BidirRecurrentModel(nn.Module):
        def __init__(self, mode: str, d: int, n: int, layers: int, bias: bool, out: int) -> None:
            super().__init__()
            self.rnn_cell_list = build(scope, mode, d, n, layers, bias)
            self.rnn_cell_list_rev = build(scope, mode, d, n, layers, bias)
            self.fc = nn.Linear(2 * n, out)

        def forward(self, input: Tensor) -> Tensor:
            xs = list(input.permute(1, 0, 2))
            outs, outs_rev = run(self.rnn_cell_list, xs), run(self.rnn_cell_list_rev, xs[::-1])
            if realigned:
                outs_rev = outs_rev[::-1]
            return self.fc(torch.cat([outs[-1].squeeze(), outs_rev[0].squeeze()], dim=1))

    return BidirRecurrentModel
