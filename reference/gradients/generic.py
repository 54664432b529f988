"""Inputs at which every formula of a family gives numbers of its own, drawn from fixed seeds.

Sizes differ from each other, so that no transposed product fits; states, targets and what comes back from later steps
are not zero; pre-activations are of order 1, so that nothing saturates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from reference.gradients.gru_case import GRUCase, Slope, logistic_slope
from reference.gradients.lstm_case import LSTMCase
from reference.gradients.lstm_columns import LSTMWeights, lstm_cell_forward
from reference.gradients.lstm_columns_backward import GateGradients
from reference.gradients.rnn_case import RNNCase, ScoreError, softmax_error
from reference.gradients.rnn_columns import Array


def _torch_draws(seed: int) -> Callable[..., Tensor]:
    """A function of a shape that gives numbers of variance ½, new ones at each call."""
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float64) * 0.5**0.5


def generic_rnn_case(
    loss: Literal["last", "sum"] = "sum",
    *,
    score_error: ScoreError = softmax_error,
    steps: int = 5,
    inputs: int = 3,
    hidden: int = 4,
    classes: int = 6,
    seed: int = 0,
) -> RNNCase:
    """A plain recurrent network at generic inputs: T = 5, d = 3, n = 4, K = 6."""
    draw = _torch_draws(seed)
    targets = (torch.arange(steps) * 2 + 1) % classes
    return RNNCase(
        W_x=draw(hidden, inputs),
        W_h=draw(hidden, hidden),
        b_h=draw(hidden),
        W_p=draw(classes, hidden),
        b_p=draw(classes),
        x=draw(steps, inputs),
        y=torch.nn.functional.one_hot(targets, classes).to(torch.float64),
        h_0=torch.tanh(draw(hidden)),
        loss=loss,
        score_error=score_error,
    )


def generic_gru_case(
    scope: Literal["local", "total"] = "local",
    *,
    update: Literal["1", "2"] = "1",
    sigmoid_slope: Slope = logistic_slope,
    inputs: int = 3,
    hidden: int = 4,
    seed: int = 0,
) -> GRUCase:
    """A gated recurrent unit at generic inputs: d = 3, n = 4, h_0 not zero."""
    draw = _torch_draws(seed)
    weights = {
        name: draw(inputs if name[2] == "x" else hidden, hidden)
        for name in ("W_xz", "W_hz", "W_xr", "W_hr", "W_xg", "W_hg")
    }
    return GRUCase(
        **weights,
        b_z=draw(hidden),
        b_r=draw(hidden),
        b_g=draw(hidden),
        x_1=draw(inputs),
        x_2=draw(inputs),
        h_0=draw(hidden),
        y_2=draw(hidden),
        scope=scope,
        update=update,
        sigmoid_slope=sigmoid_slope,
    )


def generic_lstm_weights(*, inputs: int = 3, hidden: int = 4, seed: int = 0) -> LSTMWeights:
    """Weights of a column-wise memory cell: n_x = 3, n_a = 4."""
    random = np.random.default_rng(seed)
    return LSTMWeights(
        **{f"W_{gate}": random.normal(size=(hidden, hidden + inputs)) * 0.5 for gate in "fuco"},
        **{f"b_{gate}": random.normal(size=(hidden, 1)) * 0.5 for gate in "fuco"},
    )


def generic_lstm_case(
    *, gates_given: bool = False, inputs: int = 3, hidden: int = 4, batch: int = 6, seed: int = 0
) -> LSTMCase:
    """A step of a column-wise memory cell at generic inputs: n_x = 3, n_a = 4, m = 6, both da and dc not zero."""
    random = np.random.default_rng(seed + 1)

    def states() -> Array:
        return random.normal(size=(hidden, batch))

    weights = generic_lstm_weights(inputs=inputs, hidden=hidden, seed=seed)
    cache = lstm_cell_forward(random.normal(size=(inputs, batch)), np.tanh(states()), states(), weights)
    return LSTMCase(
        da_next=states(),
        dc_next=states(),
        cache=cache,
        gates=GateGradients(d_f=states(), d_u=states(), d_c=states(), d_o=states()) if gates_given else None,
    )
