"""The plain recurrent cell with examples in columns, as functions on arrays: one step and a sequence, both ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from reference.cells.roles import Role, StepInputs
from reference.functions.formulas import Array, Arrays, Formulas, Function, array
from reference.gradients.rnn_columns import RNNCache, RNNWeights, rnn_cell_backward, rnn_cell_forward, softmax_columns
from reference.gradients.rnn_columns_sequence import rnn_backward, rnn_forward
from reference.mistakes import cell_mistakes, function_mistakes

_WEIGHTS = ("W_ax", "W_aa", "W_ya", "b_a", "b_y")
_GRADIENTS = ("dW_ax", "dW_aa", "db_a")


def _weights(inputs: Arrays) -> RNNWeights:
    return RNNWeights(**{name: inputs[name] for name in _WEIGHTS})


def wrong_functions(family: str, of: str, *arguments: object) -> dict[str, Arrays]:
    """What the mistakes of one reference function give, by identifier."""
    entries = [entry for entry in function_mistakes(family) if entry.mistake.effect == "wrong" and entry.of == of]
    return {entry.mistake.id: entry.function(*arguments) for entry in entries}


def _step(inputs: Arrays, earlier: Arrays) -> Formulas:
    """The step; what is wrong with the state follows into a right prediction, and both are judged apart."""
    weights = _weights(inputs)
    x, a_prev = inputs["x"], inputs["a_prev"]
    right = _outputs(rnn_cell_forward(x, a_prev, weights))
    wrong = {name: _of_state(a_next, weights) for name, a_next in _wrong_states(x, a_prev, weights).items()}
    made = wrong_functions("seqrnn", "gradients.rnn_columns.rnn_cell_forward", x, a_prev, weights)
    wrong |= {name: _outputs(cache) for name, cache in made.items()}  # type: ignore[arg-type]  # they return caches
    if "a_next" in earlier and earlier["a_next"].shape == right["a_next"].shape:
        right = {**right, "y_hat": softmax_columns(weights.W_ya @ earlier["a_next"] + weights.b_y)}
    return Formulas(right=right, wrong=wrong)


def _outputs(cache: RNNCache) -> Arrays:
    return {"a_next": cache.a_next, "y_hat": cache.y_hat}


def _of_state(a_next: Array, weights: RNNWeights) -> Arrays:
    return {"a_next": a_next, "y_hat": softmax_columns(weights.W_ya @ a_next + weights.b_y)}


def _wrong_states(x: Array, a_prev: Array, weights: RNNWeights) -> dict[str, Array]:
    """The new state by every named mistake of the cell."""
    role = Role(
        W_x=torch.tensor(weights.W_ax),
        W_h=torch.tensor(weights.W_aa),
        b_x=torch.tensor(weights.b_a[:, 0]),
        b_h=torch.zeros(len(weights.b_a), dtype=torch.float64),
    )
    h = torch.tensor(a_prev.T)
    step = StepInputs(x=torch.tensor(x.T), h=h, c=h, roles={"a": role})
    entries = [entry for entry in cell_mistakes("rnn") if ".correct" not in entry.mistake.id]
    found = {entry.mistake.id: array(entry.step(step)[0]).T for entry in entries}
    right = np.tanh(weights.W_aa @ a_prev + weights.W_ax @ x + weights.b_a)
    return {name: value for name, value in found.items() if np.abs(value - right).max() > 1e-9}


def _sequence(inputs: Arrays, earlier: Arrays) -> Formulas:
    x, a_0, weights = inputs["x"], inputs["a_0"], _weights(inputs)
    made = wrong_functions("seqloop", "gradients.rnn_columns_sequence.rnn_forward", x, a_0, weights)
    wrong = {name: _stacked(caches) for name, caches in made.items()}  # type: ignore[arg-type]  # lists of caches
    return Formulas(right=_stacked(rnn_forward(x, a_0, weights)), wrong=wrong)


def _stacked(caches: Sequence[RNNCache]) -> Arrays:
    return {
        "a": np.stack([cache.a_next for cache in caches], axis=2),
        "y_hat": np.stack([cache.y_hat for cache in caches], axis=2),
    }


def _cache(x: Array, a_prev: Array, a_next: Array | None, weights: RNNWeights) -> RNNCache:
    right = rnn_cell_forward(x, a_prev, weights)
    if a_next is None:
        return right
    if a_next.shape != right.a_next.shape:
        raise ValueError(f"a_next has shape {a_next.shape}; wanted {right.a_next.shape}")
    return RNNCache(a_next=a_next, a_prev=a_prev, x=x, y_hat=right.y_hat, weights=weights)


def _step_back(inputs: Arrays, earlier: Arrays) -> Formulas:
    cache = _cache(inputs["x"], inputs["a_prev"], inputs.get("a_next"), _weights(inputs))
    if inputs["da_next"].shape != cache.a_next.shape:
        raise ValueError("da_next has another shape than a_next")
    return Formulas(
        right=rnn_cell_backward(inputs["da_next"], cache),
        wrong=wrong_functions("seqrnn", "gradients.rnn_columns.rnn_cell_backward", inputs["da_next"], cache),
    )


def _sequence_back(inputs: Arrays, earlier: Arrays) -> Formulas:
    x, da, weights = inputs["x"], inputs["da"], _weights(inputs)
    if "a_prev" in inputs and "a_next" in inputs:
        steps = range(x.shape[2])
        caches = [_cache(x[:, :, t], inputs["a_prev"][:, :, t], inputs["a_next"][:, :, t], weights) for t in steps]
    else:
        caches = rnn_forward(x, inputs["a_0"], weights)
    wrong = wrong_functions("seqloop", "gradients.rnn_columns_sequence.rnn_backward", da, caches)
    return Formulas(right=rnn_backward(da, caches), wrong=wrong)


RNN_FUNCTIONS = {
    "rnn_cell_forward": Function(needs=("x", "a_prev", *_WEIGHTS), outputs=("a_next", "y_hat"), evaluate=_step),
    "rnn_forward": Function(needs=("x", "a_0", *_WEIGHTS), outputs=("a", "y_hat"), evaluate=_sequence),
    "rnn_cell_backward": Function(
        needs=("da_next", "x", "a_prev", *_WEIGHTS),
        may=("a_next",),
        outputs=("dx", "da_prev", *_GRADIENTS),
        evaluate=_step_back,
    ),
    "rnn_backward": Function(
        needs=("da", "x", "a_0", *_WEIGHTS),
        may=("a_prev", "a_next"),
        outputs=("dx", "da_0", *_GRADIENTS),
        evaluate=_sequence_back,
    ),
}
