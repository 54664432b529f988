"""Runs every reference gradient with all annotations checked, in a process of its own; prints what ran.

A process of its own, because annotations can only be checked in modules that are imported for the first time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import TypeCheckError, install_import_hook

with install_import_hook("reference.gradients", "beartype.beartype"):
    import reference.gradients as g
    from reference.gradients.generic import (
        generic_gru_case,
        generic_lstm_case,
        generic_lstm_weights,
        generic_rnn_case,
    )


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def calls() -> Mapping[str, list[Callable[[], Any]]]:
    """Name of a public function -> calls of it that keep to its annotations."""
    rnn = [generic_rnn_case("last"), generic_rnn_case("sum")]
    gru = [generic_gru_case(scope, update=update) for scope in ("local", "total") for update in ("1", "2")]
    lstm = [generic_lstm_case(), generic_lstm_case(gates_given=True)]
    step, given = lstm
    weights = g.RNNWeights(W_ax=draw(4, 3), W_aa=draw(4, 4), W_ya=draw(2, 4), b_a=draw(4, 1), b_y=draw(2, 1))
    caches = g.rnn_forward(draw(3, 6, 5), draw(4, 6), weights)
    memory = g.lstm_forward(draw(3, 6, 5), draw(4, 6), draw(4, 6), generic_lstm_weights())
    return {
        **{
            function.__name__: [partial(function, case) for case in rnn]
            for function in (g.rnn_run, g.rnn_loss, g.rnn_gradients, g.rnn_gradients_forward)
        },
        **{
            function.__name__: [partial(function, case) for case in gru]
            for function in (g.gru_two_steps, g.gru_loss, g.gru_gradients)
        },
        "lstm_gradients": [partial(g.lstm_gradients, case) for case in lstm],
        "softmax_jacobian": [partial(g.softmax_jacobian, rnn[0].b_p)],
        "logistic_slope": [partial(g.logistic_slope, rnn[0].b_p)],
        "softmax_error": [partial(g.softmax_error, rnn[0].b_p, rnn[0].y[0])],
        "softmax_columns": [partial(g.softmax_columns, draw(2, 6))],
        "rnn_cell_forward": [partial(g.rnn_cell_forward, draw(3, 6), draw(4, 6), weights)],
        "rnn_cell_backward": [partial(g.rnn_cell_backward, draw(4, 6), caches[0])],
        "rnn_output_backward": [partial(g.rnn_output_backward, draw(2, 6), caches[0])],
        "rnn_forward": [partial(g.rnn_forward, draw(3, 6, 5), draw(4, 6), weights)],
        "rnn_backward": [partial(g.rnn_backward, draw(4, 6, 5), caches)],
        "lstm_cell_forward": [partial(g.lstm_cell_forward, draw(3, 6), draw(4, 6), draw(4, 6), generic_lstm_weights())],
        "lstm_forward": [partial(g.lstm_forward, draw(3, 6, 5), draw(4, 6), draw(4, 6), generic_lstm_weights())],
        "lstm_gate_gradients": [partial(g.lstm_gate_gradients, step.da_next, step.dc_next, step.cache)],
        "lstm_cell_backward": [partial(g.lstm_cell_backward, step.da_next, step.dc_next, step.cache)],
        "lstm_gradients_from_gates": [
            partial(g.lstm_gradients_from_gates, given.gates, given.da_next, given.dc_next, given.cache)
        ],
        "lstm_backward": [partial(g.lstm_backward, draw(4, 6, 5), memory)],
    }


def refused(call: Callable[[], Any]) -> bool:
    """True if an annotation does not let a call through."""
    try:
        call()
    except TypeCheckError:
        return True
    return False


def main() -> None:
    """Raises where an annotation does not hold; prints the names of the functions whose annotations do."""
    if not refused(lambda: g.softmax_jacobian(torch.zeros(2, 3, dtype=torch.float64))):
        sys.exit("a matrix was taken for a vector: annotations are not checked")
    if not refused(lambda: g.softmax_columns(np.zeros((2, 3), dtype=np.float32))):
        sys.exit("single precision was taken for double: annotations are not checked")
    for name, made in sorted(calls().items()):
        for call in made:
            call()
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
