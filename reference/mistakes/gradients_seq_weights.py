"""Named mistakes of the backward pass of the memory cell: weights and biases, equations 11 to 14."""

from __future__ import annotations

import numpy as np

from reference.gradients.lstm_case import LSTMCase
from reference.mistakes.gradients_seq_pieces import Pieces, Values, gates_in_pieces, gradients_in_pieces, seq_mistake


def _gates(case: LSTMCase) -> Values:
    return gates_in_pieces(case, Pieces())


@seq_mistake(
    "seq.mean_batch",
    "Mean over the examples in the place of their sum",
    formula="dW_g = dΓ_g [a_prev; x]ᵀ / m,  db_g = Σ dΓ_g / m",
    did="You divide the gradients of weights and biases by the number of examples, which da does not ask for.",
    next_step="Hand in the same example twice: the loss that da belongs to doubles. Does your gradient?",
    severity="minor",
)
def mean_batch(case: LSTMCase) -> Values:
    found, m = gradients_in_pieces(case, Pieces()), case.da_next.shape[1]
    return found | {name: value / m for name, value in found.items() if name.startswith(("dW_", "db_"))}


@seq_mistake(
    "seq.bias_axis0",
    "Biases summed over the units",
    formula="db_g = sum of dΓ_g along axis 0",
    did="You sum the biases' gradients over the units, so that there is one number for each example.",
    next_step="Compare the shape of your gradient with that of the bias, for m different from n_a.",
    severity="minor",
)
def bias_axis0(case: LSTMCase) -> Values:
    sums = {f"db_{g}": d.sum(axis=0, keepdims=True) for g, d in _gates(case).items()}
    return gradients_in_pieces(case, Pieces()) | sums


@seq_mistake(
    "seq.bias_no_keepdims",
    "Biases summed without keeping the axis",
    formula="db_g of shape (n_a,) in the place of (n_a, 1)",
    did="Your biases' gradients have the right numbers and lost an axis: added to a column they spread to a square.",
    next_step="Print the shape of b_f − 0.1 · db_f.",
    severity="minor",
)
def bias_no_keepdims(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces()) | {f"db_{g}": d.sum(axis=1) for g, d in _gates(case).items()}


@seq_mistake(
    "seq.bias_c_missing",
    "Candidate's bias without a gradient",
    formula="db_c = 0",
    did="Your biases' gradients are those of the three gates; the candidate has a bias as well.",
    next_step="Change one entry of b_c by 1e-5 and see whether the loss moves.",
    severity="minor",
)
def bias_c_missing(case: LSTMCase) -> Values:
    found = gradients_in_pieces(case, Pieces())
    return found | {"db_c": np.zeros_like(found["db_c"])}


@seq_mistake(
    "seq.concat_xa",
    "Input and state stacked the other way round",
    formula="dW_g = dΓ_g [x; a_prev]ᵀ",
    did="You stack the input above the state; forward the weights act on the state above the input.",
    next_step="Set x to zero: which columns of W_f can change the loss then, and which columns has your gradient?",
    severity="minor",
)
def concat_xa(case: LSTMCase) -> Values:
    joined = np.concatenate([case.cache.x, case.cache.a_prev], axis=0)
    return gradients_in_pieces(case, Pieces()) | {f"dW_{g}": d @ joined.T for g, d in _gates(case).items()}
