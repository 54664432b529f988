"""The tests that otter-grader and nbgrader run on each notebook, as their own instructors would write them.

Each function takes names of the notebook and asserts. Its text is shipped into the peers' assignments, so it uses
nothing of this module but torch. The first number of its docstring is what it is worth.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import torch


def lstm_parameters(LSTMCell: Any) -> None:
    """3: four gates, each with two maps and two biases."""
    assert sum(p.numel() for p in LSTMCell(5, 7).parameters()) == 4 * 7 * (5 + 7 + 2)
    assert sum(p.numel() for p in LSTMCell(5, 7, bias=False).parameters()) == 4 * 7 * (5 + 7)


def lstm_forward(LSTMCell: Any) -> None:
    """3: one step, with the weights of torch's cell."""
    torch.manual_seed(0)
    right, cell = torch.nn.LSTMCell(5, 7), LSTMCell(5, 7)
    with torch.no_grad():
        cell.x2h.weight.copy_(right.weight_ih)
        cell.h2h.weight.copy_(right.weight_hh)
        cell.x2h.bias.copy_(right.bias_ih)
        cell.h2h.bias.copy_(right.bias_hh)
    x, state = torch.randn(4, 5), (torch.randn(4, 7), torch.randn(4, 7))
    for found, wanted in zip(cell(x, state), right(x, state), strict=True):
        assert torch.allclose(found, wanted, atol=1e-5)


def lstm_default_state(LSTMCell: Any) -> None:
    """1: no state is a state of zeros."""
    cell, x, zeros = LSTMCell(5, 7), torch.randn(4, 5), torch.zeros(4, 7)
    assert torch.allclose(cell(x)[0], cell(x, (zeros, zeros))[0])


def gru_parameters(GRUCell: Any) -> None:
    """3: three maps of the input, three of the state, and their biases."""
    assert sum(p.numel() for p in GRUCell(5, 7).parameters()) == 3 * 7 * (5 + 7 + 2)
    assert sum(p.numel() for p in GRUCell(5, 7, bias=False).parameters()) == 3 * 7 * (5 + 7)


def gru_forward(GRUCell: Any) -> None:
    """3: one step, with the weights of torch's cell."""
    torch.manual_seed(0)
    right, cell = torch.nn.GRUCell(5, 7), GRUCell(5, 7)
    with torch.no_grad():
        cell.x2h.weight.copy_(right.weight_ih)
        cell.h2h.weight.copy_(right.weight_hh)
        cell.x2h.bias.copy_(right.bias_ih)
        cell.h2h.bias.copy_(right.bias_hh)
    x, state = torch.randn(4, 5), torch.randn(4, 7)
    assert torch.allclose(cell(x, state), right(x, state), atol=1e-5)


def gru_default_state(GRUCell: Any) -> None:
    """1: no state is a state of zeros."""
    cell, x = GRUCell(5, 7), torch.randn(4, 5)
    assert torch.allclose(cell(x), cell(x, torch.zeros(4, 7)))


def model_cells(RNNModel: Any, LSTMCell: Any, GRUCell: Any, BasicRNNCell: Any) -> None:
    """2: the right cells in each mode, of the right sizes."""
    wanted = {"LSTM": LSTMCell, "GRU": GRUCell, "RNN_TANH": BasicRNNCell, "RNN_RELU": BasicRNNCell}
    for mode, cell in wanted.items():
        cells = RNNModel(mode, 5, 7, 3, True, 2).rnn_cell_list
        assert [type(one) for one in cells] == [cell] * 3
        assert [one.input_size for one in cells] == [5, 7, 7]


def model_bias_flag(RNNModel: Any) -> None:
    """1: without biases there are fewer parameters."""
    for mode in ("LSTM", "GRU", "RNN_TANH", "RNN_RELU"):
        sizes = [sum(p.numel() for p in RNNModel(mode, 5, 7, 2, bias, 2).parameters()) for bias in (True, False)]
        assert sizes[0] > sizes[1]


def model_lstm(RNNModel: Any) -> None:
    """2: three layers over six steps, with the weights of torch's LSTM."""
    torch.manual_seed(1)
    right, model = torch.nn.LSTM(5, 7, 3, batch_first=True), RNNModel("LSTM", 5, 7, 3, True, 2)
    with torch.no_grad():
        for layer, cell in enumerate(model.rnn_cell_list):
            cell.x2h.weight.copy_(getattr(right, f"weight_ih_l{layer}"))
            cell.h2h.weight.copy_(getattr(right, f"weight_hh_l{layer}"))
            cell.x2h.bias.copy_(getattr(right, f"bias_ih_l{layer}"))
            cell.h2h.bias.copy_(getattr(right, f"bias_hh_l{layer}"))
    x = torch.randn(4, 6, 5)
    assert torch.allclose(model(x), model.fc(right(x)[0][:, -1]), atol=1e-5)


def model_gru(RNNModel: Any) -> None:
    """2: three layers over six steps, with the weights of torch's GRU."""
    torch.manual_seed(1)
    right, model = torch.nn.GRU(5, 7, 3, batch_first=True), RNNModel("GRU", 5, 7, 3, True, 2)
    with torch.no_grad():
        for layer, cell in enumerate(model.rnn_cell_list):
            cell.x2h.weight.copy_(getattr(right, f"weight_ih_l{layer}"))
            cell.h2h.weight.copy_(getattr(right, f"weight_hh_l{layer}"))
            cell.x2h.bias.copy_(getattr(right, f"bias_ih_l{layer}"))
            cell.h2h.bias.copy_(getattr(right, f"bias_hh_l{layer}"))
    x = torch.randn(4, 6, 5)
    assert torch.allclose(model(x), model.fc(right(x)[0][:, -1]), atol=1e-5)


def model_rnn_relu(RNNModel: Any) -> None:
    """1: two layers over six steps, with the weights of torch's RNN."""
    torch.manual_seed(1)
    right = torch.nn.RNN(5, 7, 2, nonlinearity="relu", batch_first=True)
    model = RNNModel("RNN_RELU", 5, 7, 2, True, 2)
    with torch.no_grad():
        for layer, cell in enumerate(model.rnn_cell_list):
            cell.x2h.weight.copy_(getattr(right, f"weight_ih_l{layer}"))
            cell.h2h.weight.copy_(getattr(right, f"weight_hh_l{layer}"))
            cell.x2h.bias.copy_(getattr(right, f"bias_ih_l{layer}"))
            cell.h2h.bias.copy_(getattr(right, f"bias_hh_l{layer}"))
    x = torch.randn(4, 6, 5)
    assert torch.allclose(model(x), model.fc(right(x)[0][:, -1]), atol=1e-5)


def model_unknown_mode(RNNModel: Any, BidirRecurrentModel: Any) -> None:
    """1: a mode that nobody knows is refused."""
    for model in (RNNModel, BidirRecurrentModel):
        try:
            model("NO_SUCH_MODE", 5, 7, 2, True, 2)
        except ValueError:
            continue
        raise AssertionError


def bidirectional_shape(BidirRecurrentModel: Any) -> None:
    """1: the right shape in each mode."""
    for mode in ("LSTM", "GRU", "RNN_TANH", "RNN_RELU"):
        assert BidirRecurrentModel(mode, 5, 7, 2, True, 2)(torch.randn(4, 6, 5)).shape == (4, 2)


def bidirectional_gru(BidirRecurrentModel: Any) -> None:
    """2: two stacks, one of which reads backwards, with the weights of torch's GRU."""
    torch.manual_seed(2)
    model = BidirRecurrentModel("GRU", 5, 7, 2, True, 2)
    x, last = torch.randn(4, 6, 5), []
    for cells, seen in ((model.rnn_cell_list, x), (model.rnn_cell_list_rev, x.flip(1))):
        right = torch.nn.GRU(5, 7, 2, batch_first=True)
        with torch.no_grad():
            for layer, cell in enumerate(cells):
                cell.x2h.weight.copy_(getattr(right, f"weight_ih_l{layer}"))
                cell.h2h.weight.copy_(getattr(right, f"weight_hh_l{layer}"))
                cell.x2h.bias.copy_(getattr(right, f"bias_ih_l{layer}"))
                cell.h2h.bias.copy_(getattr(right, f"bias_hh_l{layer}"))
        last.append(right(seen)[0][:, -1])
    assert torch.allclose(model(x), model.fc(torch.cat(last, dim=1)), atol=1e-5)


def labels(A_model: Any, B_model: Any, C_model: Any) -> None:
    """3: which curve is which model."""
    assert [A_model, B_model, C_model] == ["GRU", "LSTM", "RNN"]


CHECKS: tuple[Callable[..., None], ...] = (
    lstm_parameters,
    lstm_forward,
    lstm_default_state,
    gru_parameters,
    gru_forward,
    gru_default_state,
    model_cells,
    model_bias_flag,
    model_lstm,
    model_gru,
    model_rnn_relu,
    model_unknown_mode,
    bidirectional_shape,
    bidirectional_gru,
    labels,
)


def points(check: Callable[..., None]) -> int:
    """What a check is worth."""
    return int((check.__doc__ or "").partition(":")[0])


def source(check: Callable[..., None]) -> str:
    """A check as plain Python without annotations, which need an import."""
    tree = ast.parse(inspect.getsource(check))
    function = tree.body[0]
    if not isinstance(function, ast.FunctionDef):
        raise TypeError(f"{check!r} is no function")
    function.returns = None
    for argument in function.args.args:
        argument.annotation = None
    return ast.unparse(function)


def call(check: Callable[..., None]) -> str:
    """The line that runs a check on the names of a notebook."""
    return f"{check.__name__}({', '.join(inspect.signature(check).parameters)})"


def full_marks() -> int:
    """What all checks are worth together."""
    return sum(map(points, CHECKS))
