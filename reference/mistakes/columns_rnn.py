"""Named mistakes of the plain recurrent cell with examples in columns: its prediction, and its backward pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from reference.gradients.rnn_columns import Array, RNNCache, RNNWeights, rnn_cell_backward, rnn_cell_forward
from reference.mistakes.catalogue import FunctionMistake, function_mistake

Mark = Callable[..., Callable[[Callable[..., object]], FunctionMistake]]
_forward: Mark = partial(function_mistake, of="gradients.rnn_columns.rnn_cell_forward")
_backward: Mark = partial(function_mistake, of="gradients.rnn_columns.rnn_cell_backward")

Values = dict[str, Array]


def _scores(cache: RNNCache) -> Array:
    return cache.weights.W_ya @ cache.a_next + cache.weights.b_y


def _normalised(scores: Array, axis: int | None) -> Array:
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)  # type: ignore[no-any-return]  # NumPy's division loses the type


@_forward(
    "seqrnn.softmax_over_examples",
    "Softmax along the examples",
    formula="ŷ_ki = exp(p_ki) / Σ over the examples j of exp(p_kj)",
    did="Your probabilities add up to 1 over the examples; for each example they should over the classes.",
    next_step="Print the sums of your ŷ along both axes.",
)
def softmax_over_examples(x: Array, a_prev: Array, weights: RNNWeights) -> RNNCache:
    right = rnn_cell_forward(x, a_prev, weights)
    return replace(right, y_hat=_normalised(_scores(right), 1))


@_forward(
    "seqrnn.softmax_over_all",
    "Softmax over all entries at once",
    formula="ŷ_ki = exp(p_ki) / Σ over classes and examples of exp(p)",
    did="Your probabilities add up to 1 over classes and examples together.",
    next_step="Print the sums of the columns of your ŷ.",
)
def softmax_over_all(x: Array, a_prev: Array, weights: RNNWeights) -> RNNCache:
    right = rnn_cell_forward(x, a_prev, weights)
    return replace(right, y_hat=_normalised(_scores(right), None))


@_forward(
    "seqrnn.sigmoid_for_softmax",
    "Sigmoid in the place of the softmax",
    formula="ŷ = σ(W_ya a' + b_y)",
    did="Your predictions are sigmoids, each on its own, so those of one example do not add up to 1.",
    next_step="Print the sums of the columns of your ŷ.",
)
def sigmoid_for_softmax(x: Array, a_prev: Array, weights: RNNWeights) -> RNNCache:
    right = rnn_cell_forward(x, a_prev, weights)
    return replace(right, y_hat=1 / (1 + np.exp(-_scores(right))))


@_forward(
    "seqrnn.no_softmax",
    "Scores in the place of probabilities",
    formula="ŷ = W_ya a' + b_y",
    did="Your predictions are the scores before the softmax.",
    next_step="Print the smallest entry of your ŷ and the sums of its columns.",
)
def no_softmax(x: Array, a_prev: Array, weights: RNNWeights) -> RNNCache:
    right = rnn_cell_forward(x, a_prev, weights)
    return replace(right, y_hat=_scores(right))


@_forward(
    "seqrnn.output_of_old_state",
    "Prediction made of the old state",
    formula="ŷ = softmax(W_ya a_prev + b_y)",
    did="Your prediction reads the state before the step, so it knows nothing of the newest input.",
    next_step="Change x alone and look whether ŷ changes.",
)
def output_of_old_state(x: Array, a_prev: Array, weights: RNNWeights) -> RNNCache:
    right = rnn_cell_forward(x, a_prev, weights)
    return replace(right, y_hat=_normalised(weights.W_ya @ a_prev + weights.b_y, 0))


def _from_dt(dt: Array, cache: RNNCache) -> Values:
    """All gradients, made of that of the pre-activation."""
    return {
        "dx": cache.weights.W_ax.T @ dt,
        "da_prev": cache.weights.W_aa.T @ dt,
        "dW_ax": dt @ cache.x.T,
        "dW_aa": dt @ cache.a_prev.T,
        "db_a": dt.sum(axis=1, keepdims=True),
    }


def _dt(da: Array, cache: RNNCache) -> Array:
    return (1 - cache.a_next**2) * da


@_backward(
    "seqrnn.no_tanh_derivative",
    "Slope of the tanh left out",
    formula="dt = da",
    did="Your gradient passes the tanh as if it were not there.",
    next_step="Set b_a to 5, where tanh is flat: how large are your gradients of the weights?",
)
def no_tanh_derivative(da: Array, cache: RNNCache) -> Values:
    return _from_dt(da, cache)


@_backward(
    "seqrnn.tanh_twice",
    "tanh applied to the state once more",
    formula="dt = (1 − tanh²(a')) ⊙ da",
    did="Your slope takes tanh of a', which is a value of tanh already.",
    next_step="For one unit compare your slope with the difference quotient of tanh at its pre-activation.",
    severity="minor",
)
def tanh_twice(da: Array, cache: RNNCache) -> Values:
    return _from_dt((1 - np.tanh(cache.a_next) ** 2) * da, cache)


@_backward(
    "seqrnn.square_missing",
    "Square left out of the slope",
    formula="dt = (1 − a') ⊙ da",
    did="Your slope is 1 − a', which is not symmetric: for a' = −1 it is 2, where tanh is flat.",
    next_step="Put a' = −1 into your slope.",
    severity="minor",
)
def square_missing(da: Array, cache: RNNCache) -> Values:
    return _from_dt((1 - cache.a_next) * da, cache)


@_backward(
    "seqrnn.slope_of_old_state",
    "Slope taken at the old state",
    formula="dt = (1 − a_prev²) ⊙ da",
    did="Your slope is that of the step before: it holds a_prev, where the tanh of this step gave a'.",
    next_step="Set a_prev to zero and b_a to 5, where tanh is flat, and print your gradients.",
    severity="minor",
)
def slope_of_old_state(da: Array, cache: RNNCache) -> Values:
    return _from_dt((1 - cache.a_prev**2) * da, cache)


@_backward(
    "seqrnn.no_transpose",
    "Weights not transposed on the way back to the old state",
    formula="da_prev = W_aa dt",
    did="You carry the gradient back with W_aa as it stands in the forward pass.",
    next_step="For two units write out the pre-activations: which weights does ∂L/∂a_1 collect?",
    severity="minor",
)
def no_transpose(da: Array, cache: RNNCache) -> Values:
    dt = _dt(da, cache)
    return _from_dt(dt, cache) | {"da_prev": cache.weights.W_aa @ dt}


@_backward(
    "seqrnn.new_state_for_old",
    "New state in the place of the old in the gradient of the weights",
    formula="dW_aa = dt a'ᵀ",
    did="Your gradient of W_aa is made with the new state; the weights multiply the old one.",
    next_step="Set a_prev to zero: can W_aa change the loss then, and what does your gradient say?",
    severity="minor",
)
def new_state_for_old(da: Array, cache: RNNCache) -> Values:
    dt = _dt(da, cache)
    return _from_dt(dt, cache) | {"dW_aa": dt @ cache.a_next.T}


@_backward(
    "seqrnn.mean_batch",
    "Mean over the examples in the place of their sum",
    formula="dW = dt xᵀ / m,  db_a = Σ dt / m",
    did="You divide the gradients of weights and biases by the number of examples, which da does not ask for.",
    next_step="Hand in the same example twice: the loss that da belongs to doubles. Does your gradient?",
    severity="minor",
)
def mean_batch(da: Array, cache: RNNCache) -> Values:
    found, m = rnn_cell_backward(da, cache), da.shape[1]
    return found | {name: value / m for name, value in found.items() if name.startswith(("dW_", "db_"))}


@_backward(
    "seqrnn.bias_axis0",
    "Bias summed over the units",
    formula="db_a = sum of dt along axis 0",
    did="You sum the bias's gradient over the units, so that there is one number for each example.",
    next_step="Compare the shape of your gradient with that of the bias, for m different from n_a.",
    severity="minor",
)
def bias_axis0(da: Array, cache: RNNCache) -> Values:
    dt = _dt(da, cache)
    return _from_dt(dt, cache) | {"db_a": dt.sum(axis=0, keepdims=True)}


@_backward(
    "seqrnn.bias_no_keepdims",
    "Bias summed without keeping the axis",
    formula="db_a of shape (n_a,) in the place of (n_a, 1)",
    did="Your bias's gradient has the right numbers and lost an axis: added to a column it spreads to a square.",
    next_step="Print the shape of b_a − 0.1 · db_a.",
    severity="minor",
)
def bias_no_keepdims(da: Array, cache: RNNCache) -> Values:
    dt = _dt(da, cache)
    return _from_dt(dt, cache) | {"db_a": dt.sum(axis=1)}
