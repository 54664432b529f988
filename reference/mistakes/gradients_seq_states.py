"""Named mistakes of the backward pass of the memory cell: states and input, equations 15 to 17."""

from __future__ import annotations

from reference.gradients.lstm_case import LSTMCase
from reference.gradients.rnn_columns import Array
from reference.mistakes.gradients_seq_pieces import (
    Pieces,
    Point,
    Values,
    gates_in_pieces,
    gradients_in_pieces,
    seq_mistake,
    sum_of,
    weights_of,
)

_RIGHT = Pieces()


def _parts(case: LSTMCase) -> tuple[Values, Values, int]:
    """Gradients of the gates, weights of the gates, and n_a."""
    return gates_in_pieces(case, _RIGHT), weights_of(case.cache), case.cache.a_prev.shape[0]


@seq_mistake(
    "seq.a_prev_missing_c",
    "Candidate left out of the old hidden state's gradient",
    formula="da_prev = Σ over f, u, o of W_g[:, :n_a]ᵀ dΓ_g",
    did="Your (15) adds up the three gates; a_prev also enters the candidate.",
    next_step="Set W_f, W_u and W_o to zero: can a_prev still change the loss?",
)
def a_prev_missing_c(case: LSTMCase) -> Values:
    d, W, n_a = _parts(case)
    return gradients_in_pieces(case, _RIGHT) | {"da_prev": sum_of([W[g][:, :n_a].T @ d[g] for g in "fuo"])}


@seq_mistake(
    "seq.seed_rows",
    "Rows of the weights taken for columns",
    formula="da_prev = Σ_g W_g[:n_a, :]ᵀ dΓ_g,  dx = Σ_g W_g[n_a:, :]ᵀ dΓ_g",
    did="You cut the weights by rows; each W has n_a rows, and it is its columns that belong to a_prev and to x.",
    next_step="Print the shapes of your da_prev and of a_prev, and the shape of W_f[n_a:, :].",
)
def rows_for_columns(case: LSTMCase) -> Values:
    d, W, n_a = _parts(case)
    found = gradients_in_pieces(case, _RIGHT) | {"da_prev": sum_of([W[g][:n_a, :].T @ d[g] for g in "fuco"])}
    del found["dx"]  # W[n_a:, :] has no rows, so the product does not exist
    return found


@seq_mistake(
    "seq.no_transpose",
    "Weights not transposed on the way back to the old hidden state",
    formula="da_prev = Σ_g W_g[:, :n_a] dΓ_g",
    did="You carry the gradient back with the weights as they stand in the forward pass.",
    next_step="For two units write out the pre-activation of one gate: which weights does ∂L/∂a_1 collect?",
    severity="minor",
)
def no_transpose(case: LSTMCase) -> Values:
    d, W, n_a = _parts(case)
    return gradients_in_pieces(case, _RIGHT) | {"da_prev": sum_of([W[g][:, :n_a] @ d[g] for g in "fuco"])}


@seq_mistake(
    "seq.seed17_dup",
    "Candidate twice and forget gate not at all in the input's gradient",
    formula="dx = W_cᵀ dc̃ + W_uᵀ dΓ_u + W_cᵀ dc̃ + W_oᵀ dΓ_o, each with the columns of x",
    did="Your (17) has the candidate's term twice and none for the forget gate.",
    next_step="Set all weights but W_f to zero: can x still change the loss, and what does your formula say?",
    severity="minor",
)
def candidate_twice(case: LSTMCase) -> Values:
    d, W, n_a = _parts(case)
    return gradients_in_pieces(case, _RIGHT) | {"dx": sum_of([W[g][:, n_a:].T @ d[g] for g in "cuco"])}


def _through_hidden_state(p: Point) -> Array:
    return p.o * _RIGHT.cell_slope(p) * p.da


@seq_mistake(
    "seq.eq16_no_da",
    "Way through the hidden state left out of the old cell's gradient",
    formula="dc_prev = dc ⊙ Γ_f",
    did="Your (16) contains only what comes from the next step's cell; c' also acts through a'.",
    next_step="Set dc to zero, as at the last step, and compare dc_prev with a difference quotient.",
)
def eq16_no_da(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, _RIGHT) | {"dc_prev": case.dc_next * case.cache.f}


@seq_mistake(
    "seq.eq16_only_da",
    "Way through the next cell left out of the old cell's gradient",
    formula="dc_prev = Γ_o ⊙ (1 − tanh²(c')) ⊙ Γ_f ⊙ da",
    did="Your (16) contains only what comes through a'; c' is also handed on to the next step.",
    next_step="Set da to zero: what is left of your dc_prev? Compare with a difference quotient.",
)
def eq16_only_da(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, _RIGHT) | {"dc_prev": _through_hidden_state(Point.of(case)) * case.cache.f}
