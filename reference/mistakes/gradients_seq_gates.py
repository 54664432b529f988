"""Named mistakes of the backward pass of the memory cell: the gradients of the gates, equations 7 to 10."""

from __future__ import annotations

import numpy as np

from reference.gradients.lstm_case import LSTMCase
from reference.gradients.rnn_columns import Array
from reference.mistakes.gradients_seq_pieces import Pieces, Point, Values, gradients_in_pieces, seq_mistake

_BRACKET = "Set da to zero, so that only the part with dc is left, and compare it with a difference quotient of c'."


def _candidate_as_printed(p: Point, slope: Array) -> Values:
    return {"c": p.dc * p.u + p.o * slope * p.u * p.da * p.ct * (1 - np.tanh(p.ct) ** 2)}


@seq_mistake(
    "seq.seed8",
    "Candidate's gradient without brackets, with c̃ and tanh(c̃) in it",
    formula="dc̃ = dc ⊙ Γ_u + Γ_o ⊙ (1 − tanh²(c')) ⊙ Γ_u ⊙ da ⊙ c̃ ⊙ (1 − tanh²(c̃))",
    did="Your (8) applies the slope to its second part alone, has c̃ as a factor, and takes tanh of c̃ once more.",
    next_step=_BRACKET,
)
def candidate_as_printed(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_candidate_as_printed))


def _candidate_without_brackets(p: Point, slope: Array) -> Values:
    return {"c": p.dc * p.u + p.o * slope * p.u * p.da * (1 - p.ct**2)}


@seq_mistake(
    "seq.eq8_noparen",
    "Bracket left out of the candidate's gradient",
    formula="dc̃ = dc ⊙ Γ_u + Γ_o ⊙ (1 − tanh²(c')) ⊙ Γ_u ⊙ da ⊙ (1 − c̃²)",
    did="Your (8) applies the slope 1 − c̃² to its second part alone; what comes from dc passes unscaled.",
    next_step=_BRACKET,
    severity="minor",
)
def candidate_without_brackets(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_candidate_without_brackets))


def _update_without_brackets(p: Point, slope: Array) -> Values:
    return {"u": p.dc * p.ct + p.o * slope * p.ct * p.da * p.u * (1 - p.u)}


@seq_mistake(
    "seq.eq9_noparen",
    "Bracket left out of the update gate's gradient",
    formula="dΓ_u = dc ⊙ c̃ + Γ_o ⊙ (1 − tanh²(c')) ⊙ c̃ ⊙ da ⊙ Γ_u (1 − Γ_u)",
    did="Your (9) applies the slope Γ_u (1 − Γ_u) to its second part alone; what comes from dc passes unscaled.",
    next_step=_BRACKET,
    severity="minor",
)
def update_without_brackets(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_update_without_brackets))


def _forget_without_brackets(p: Point, slope: Array) -> Values:
    return {"f": p.dc * p.c_prev + p.o * slope * p.c_prev * p.da * p.f * (1 - p.f)}


@seq_mistake(
    "seq.eq10_noparen",
    "Bracket left out of the forget gate's gradient",
    formula="dΓ_f = dc ⊙ c_prev + Γ_o ⊙ (1 − tanh²(c')) ⊙ c_prev ⊙ da ⊙ Γ_f (1 − Γ_f)",
    did="Your (10) applies the slope Γ_f (1 − Γ_f) to its second part alone; what comes from dc passes unscaled.",
    next_step=_BRACKET,
    severity="minor",
)
def forget_without_brackets(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_forget_without_brackets))


def _forget_as_printed(p: Point, slope: Array) -> Values:
    return {"f": p.dc * p.ct + p.o * slope * p.c_prev * p.da * p.f * (1 - p.f)}


@seq_mistake(
    "seq.seed10",
    "Candidate in the place of c_prev in the forget gate's gradient",
    formula="dΓ_f = dc ⊙ c̃ + Γ_o ⊙ (1 − tanh²(c')) ⊙ c_prev ⊙ da ⊙ Γ_f (1 − Γ_f)",
    did="Your (10) pairs dc with the candidate, while the forget gate multiplies c_prev, and lacks a bracket.",
    next_step="Set c_prev to zero: can the forget gate change c' then, and what does your formula say?",
)
def forget_as_printed(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_forget_as_printed))


@seq_mistake(
    "seq.tanh_twice",
    "tanh applied to the candidate once more",
    formula="dc̃ = k ⊙ Γ_u ⊙ (1 − tanh²(c̃))",
    did="Your slope takes tanh of c̃, which is a value of tanh already.",
    next_step="For one unit compare your slope with the difference quotient of tanh at its pre-activation.",
    severity="minor",
)
def tanh_twice(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(candidate_slope=lambda ct: 1 - np.tanh(ct) ** 2))


@seq_mistake(
    "seq.sigma_1_minus_sq",
    "Square inside the derivative of the sigmoid",
    formula="σ' = σ (1 − σ²)",
    did="Your slope of the gates is σ (1 − σ²), which is too large by the factor 1 + σ.",
    next_step="Put a = 0 into your slope and compare with the difference quotient of σ at 0.",
    severity="minor",
)
def sigma_1_minus_sq(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gate_slope=lambda s: s * (1 - s**2)))


def _of_activations(p: Point, slope: Array) -> Values:
    k = p.o * slope * p.da + p.dc
    return {"f": k * p.c_prev, "u": k * p.ct, "c": k * p.u, "o": p.da * np.tanh(p.c)}


@seq_mistake(
    "seq.activation_grads",
    "Slopes of the gates left out",
    formula="dΓ_f = k ⊙ c_prev,  dΓ_u = k ⊙ c̃,  dc̃ = k ⊙ Γ_u,  dΓ_o = da ⊙ tanh(c')",
    did="Your gradients stop at the values of the gates; the weights stand inside σ and tanh.",
    next_step="Set the bias of one gate to 20, so that it is saturated: can its weights still change the loss?",
)
def activation_grads(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_of_activations))


@seq_mistake(
    "seq.cprev_uses_c",
    "New cell in the place of the old in the forget gate's gradient",
    formula="dΓ_f = k ⊙ c' ⊙ Γ_f (1 − Γ_f)",
    did="Your (10) pairs k with the new cell c', while the forget gate multiplies c_prev.",
    next_step="Set c_prev to zero: can the forget gate change c' then, and what does your formula say?",
    severity="minor",
)
def cprev_uses_c(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(forgotten=lambda p: p.c))


def _exchanged(p: Point, slope: Array) -> Values:
    k = p.o * slope * p.da + p.dc
    return {"u": k * p.c_prev * p.u * (1 - p.u), "f": k * p.ct * p.f * (1 - p.f)}


@seq_mistake(
    "seq.gates_swapped",
    "Factors of the update and the forget gate exchanged",
    formula="dΓ_u = k ⊙ c_prev ⊙ Γ_u (1 − Γ_u),  dΓ_f = k ⊙ c̃ ⊙ Γ_f (1 − Γ_f)",
    did="You pair the update gate with c_prev and the forget gate with c̃; forward it is the other way round.",
    next_step="Set c_prev to zero: which of the two gates can still change c'?",
    severity="minor",
)
def gates_swapped(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(gates=_exchanged))
