"""Named mistakes of the loops over time around a cell with examples in columns, plain or with a memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from reference.gradients.lstm_columns import LSTMCache, LSTMWeights, lstm_cell_forward
from reference.gradients.lstm_columns_backward import lstm_cell_backward
from reference.gradients.rnn_columns import Array, RNNCache, RNNWeights, rnn_cell_backward, rnn_cell_forward
from reference.mistakes.catalogue import FunctionMistake, function_mistake

Mark = Callable[..., Callable[[Callable[..., object]], FunctionMistake]]
_forward: Mark = partial(function_mistake, of="gradients.rnn_columns_sequence.rnn_forward")
_forward_lstm: Mark = partial(function_mistake, of="gradients.lstm_columns.lstm_forward")
_backward: Mark = partial(function_mistake, of="gradients.rnn_columns_sequence.rnn_backward")
_backward_lstm: Mark = partial(function_mistake, of="gradients.lstm_columns_backward.lstm_backward")

Caches = Sequence[RNNCache] | Sequence[LSTMCache]
Values = dict[str, Array]


@_forward(
    "seqloop.state_not_carried",
    "Every step begun with the first state",
    formula="a<t> = cell(x<t>, a<0>)",
    did="Each of your steps starts from the first state, so nothing is remembered from one step to the next.",
    next_step="Change the first input alone and look whether the last state changes.",
)
def state_not_carried(x: Array, a_0: Array, weights: RNNWeights) -> list[RNNCache]:
    return [rnn_cell_forward(x[:, :, t], a_0, weights) for t in range(x.shape[2])]


@_forward(
    "seqloop.time_reversed",
    "Sequence read from its end",
    formula="a<t> = cell(x<T+1−t>, a<t−1>)",
    did="Your loop reads the sequence from its last element to its first.",
    next_step="Change the last input alone and look at which step the states begin to change.",
)
def time_reversed(x: Array, a_0: Array, weights: RNNWeights) -> list[RNNCache]:
    caches: list[RNNCache] = []
    for t in reversed(range(x.shape[2])):
        caches.append(rnn_cell_forward(x[:, :, t], caches[-1].a_next if caches else a_0, weights))
    return caches


@_forward_lstm(
    "seqloop.states_not_carried",
    "Every step begun with the first states",
    formula="a<t>, c<t> = cell(x<t>, a<0>, c<0>)",
    did="Each of your steps starts from the first states, so nothing is remembered from one step to the next.",
    next_step="Change the first input alone and look whether the last state changes.",
)
def states_not_carried(x: Array, a_0: Array, c_0: Array, weights: LSTMWeights) -> list[LSTMCache]:
    return [lstm_cell_forward(x[:, :, t], a_0, c_0, weights) for t in range(x.shape[2])]


@_forward_lstm(
    "seqloop.cell_not_carried",
    "Cell state begun anew at every step",
    formula="a<t>, c<t> = cell(x<t>, a<t−1>, c<0>)",
    did="Your loop hands on the hidden state, and every step starts from the first cell state.",
    next_step="Print the cell state that each step is given.",
)
def cell_not_carried(x: Array, a_0: Array, c_0: Array, weights: LSTMWeights) -> list[LSTMCache]:
    caches: list[LSTMCache] = []
    for t in range(x.shape[2]):
        caches.append(lstm_cell_forward(x[:, :, t], caches[-1].a_next if caches else a_0, c_0, weights))
    return caches


@_forward_lstm(
    "seqloop.hidden_for_cell",
    "Hidden state handed on as the cell state",
    formula="a<t>, c<t> = cell(x<t>, a<t−1>, a<t−1>)",
    did="From the second step on your cell state is the hidden state of the step before.",
    next_step="Print both states that the second step is given.",
    severity="minor",
)
def hidden_for_cell(x: Array, a_0: Array, c_0: Array, weights: LSTMWeights) -> list[LSTMCache]:
    caches: list[LSTMCache] = []
    for t in range(x.shape[2]):
        a, c = (caches[-1].a_next, caches[-1].a_next) if caches else (a_0, c_0)
        caches.append(lstm_cell_forward(x[:, :, t], a, c, weights))
    return caches


def _back(
    da: Array,
    caches: Caches,
    *,
    order: Iterable[int] | None = None,
    direct: bool = True,
    carries_a: bool = True,
    carries_c: bool = True,
    adds: bool = True,
) -> Values:
    """The loop from the last step to the first, with what a mistake leaves out of it."""
    total: Values = {}
    dx = np.zeros((caches[0].x.shape[0], *da.shape[1:]))
    da_prev, dc_prev = np.zeros_like(caches[0].a_prev), np.zeros_like(caches[0].a_prev)
    last = len(caches) - 1
    for t in reversed(range(len(caches))) if order is None else order:
        cache = caches[t]
        asked = da[:, :, t] if direct or t == last else np.zeros_like(da_prev)
        into = asked + da_prev if carries_a else asked
        step = (
            rnn_cell_backward(into, cache) if isinstance(cache, RNNCache) else lstm_cell_backward(into, dc_prev, cache)
        )
        dx[:, :, t], da_prev = step["dx"], step["da_prev"]
        dc_prev = step["dc_prev"] if carries_c and "dc_prev" in step else dc_prev
        weights = {name: value for name, value in step.items() if name.startswith(("dW_", "db_"))}
        total = {name: total[name] + value if adds and total else value for name, value in weights.items()}
    first = {"dc_0": dc_prev} if isinstance(caches[0], LSTMCache) else {}
    return {"dx": dx, "da_0": da_prev, **first, **total}


@_backward(
    "seqloop.later_steps_left_out",
    "Gradient of the later steps left out",
    formula="step t with da<t> alone",
    did="Each step of your backward loop sees its own da alone; a state also acts on all the later steps.",
    next_step="Set da to zero but for the last step: which of your gradients with respect to x are left?",
)
def later_steps_left_out(da: Array, caches: Caches) -> Values:
    return _back(da, caches, carries_a=False)


@_backward(
    "seqloop.direct_left_out",
    "Direct gradient of all steps but the last left out",
    formula="step t with da_prev<t+1> alone, for t < T",
    did="Below the last step your backward loop uses only what comes back, and not the step's own da.",
    next_step="Set da to zero but for the first step: what is left of your gradients?",
)
def direct_left_out(da: Array, caches: Caches) -> Values:
    return _back(da, caches, direct=False)


@_backward(
    "seqloop.overwritten",
    "Gradients of the weights overwritten at every step",
    formula="dW = that of step 1 alone",
    did="Your gradients of weights and biases are those of the step that was looked at last; the steps share them.",
    next_step="Add up the gradients of the single steps by hand for T = 2 and compare.",
)
def overwritten(da: Array, caches: Caches) -> Values:
    return _back(da, caches, adds=False)


@_backward(
    "seqloop.time_forwards",
    "Backward loop that runs forwards",
    formula="steps 1 … T with da<t> + da_prev<t−1>",
    did="Your backward loop goes from the first step to the last, so nothing comes back from later steps.",
    next_step="Print t inside your loop: which step can tell the others what it needs?",
)
def time_forwards(da: Array, caches: Caches) -> Values:
    return _back(da, caches, order=range(len(caches)))


@_backward_lstm(
    "seqloop.cell_gradient_not_carried",
    "Gradient of the cell state not handed back",
    formula="step t with dc = 0",
    did="Every step of your backward loop is given a zero gradient of the cell state.",
    next_step="Print the dc that each step is given, and the dc_prev that it returns.",
)
def cell_gradient_not_carried(da: Array, caches: Sequence[LSTMCache]) -> Values:
    return _back(da, caches, carries_c=False)
