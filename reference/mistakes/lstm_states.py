"""Named mistakes of the LSTM cell: which state is read, combined, squashed and returned."""

from __future__ import annotations

from torch import Tensor, sigmoid, tanh

from reference.cells.roles import StepInputs
from reference.mistakes.catalogue import cell_mistake


def _gates(s: StepInputs) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return sigmoid(s.pre("i")), sigmoid(s.pre("f")), tanh(s.pre("g")), sigmoid(s.pre("o"))


def _cell(s: StepInputs) -> tuple[Tensor, Tensor]:
    i, f, g, o = _gates(s)
    return o, f * s.c + i * g


def _from(i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    c_new = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c_new), c_new


@cell_mistake(
    "lstm.no_output_tanh",
    "Missing tanh on the new cell",
    formula="h' = o ⊙ c'",
    did="Your hidden state is the output gate times the raw cell, so it is not bounded by 1.",
    next_step="Call the cell 50 times with the forget and input gates open, and print the largest hidden value.",
)
def no_output_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return o * c, c


@cell_mistake(
    "lstm.c_prev_dropped",
    "Old cell lost",
    formula="c' = i ⊙ g",
    did="Your new cell does not contain the old one, so nothing is remembered through it.",
    next_step="Call the cell with two different old cells and compare the new ones.",
)
def c_prev_dropped(s: StepInputs) -> tuple[Tensor, ...]:
    i, _, g, o = _gates(s)
    return o * tanh(i * g), i * g


@cell_mistake(
    "lstm.forget_on_candidate",
    "Forget gate on the candidate",
    formula="c' = c + f ⊙ i ⊙ g",
    did="Your forget gate scales the candidate, and the old cell is carried over in full.",
    next_step="Set the forget gate's bias to −20 and see which of the two terms of the cell disappears.",
)
def forget_on_candidate(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = _gates(s)
    c = s.c + f * i * g
    return o * tanh(c), c


@cell_mistake(
    "lstm.h_from_old_cell",
    "Hidden state made from the old cell",
    formula="h' = o ⊙ tanh(c)",
    did="Your hidden state reads the cell before it is updated, so it lags one step behind.",
    next_step="Start from a zero cell and print the hidden state after the first step.",
)
def h_from_old_cell(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return o * tanh(s.c), c


@cell_mistake(
    "lstm.return_swapped",
    "Hidden and cell state returned in the wrong order",
    formula="returns (c', h')",
    did="Your step returns the cell state first and the hidden state second.",
    next_step="Print the largest absolute value of both results: which one is bounded by 1?",
    severity="minor",
)
def return_swapped(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return c, o * tanh(c)


@cell_mistake(
    "lstm.state_unpacked_swapped",
    "Hidden and cell state unpacked in the wrong order",
    formula="(c, h) = state",
    did="You take the first part of the incoming state as the cell and the second as the hidden state.",
    next_step="Pass a state whose first part is all ones and second all zeros, and print what you call h.",
    severity="minor",
)
def state_unpacked_swapped(s: StepInputs) -> tuple[Tensor, ...]:
    swapped = s.with_state(h=s.c, c=s.h)
    o, c = _cell(swapped)
    return o * tanh(c), c


@cell_mistake(
    "lstm.tanh_of_product",
    "Output gate inside the tanh",
    formula="h' = tanh(o ⊙ c')",
    did="You squash the product of output gate and cell; the gate should act on the squashed cell.",
    next_step="Set the cell to 50 and the output gate to 0.5: compare tanh(0.5 · 50) with 0.5 · tanh(50).",
    severity="minor",
)
def tanh_of_product(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return tanh(o * c), c


@cell_mistake(
    "lstm.output_sigmoid_cell",
    "Sigmoid on the new cell",
    formula="h' = o ⊙ σ(c')",
    did="Your hidden state is never negative, because the new cell goes through a sigmoid.",
    next_step="Print the smallest hidden value over a random batch. What does a zero cell give?",
)
def output_sigmoid_cell(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return o * sigmoid(c), c


@cell_mistake(
    "lstm.output_added",
    "Output gate added instead of multiplied",
    formula="h' = o + tanh(c')",
    did="You add the output gate to the squashed cell, so the gate cannot close.",
    next_step="Set the output gate's bias to −20: the hidden state should vanish. Does yours?",
)
def output_added(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return o + tanh(c), c


@cell_mistake(
    "lstm.cell_squashed",
    "Cell state squashed before it is stored",
    formula="c' = tanh(f ⊙ c + i ⊙ g)",
    did="Your stored cell has gone through tanh, so it shrinks at each step even with an open forget gate.",
    next_step="Open the forget gate, close the input gate, and follow a cell that starts at 3 for ten steps.",
)
def cell_squashed(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s)
    return o * tanh(tanh(c)), tanh(c)


@cell_mistake(
    "lstm.candidate_from_c",
    "Candidate computed from the cell state",
    formula="A_g = x W_xgᵀ + c W_hgᵀ + b_g",
    did="Your candidate reads the old cell where it should read the old hidden state.",
    next_step="Change the old hidden state only and see whether the candidate changes.",
)
def candidate_from_c(s: StepInputs) -> tuple[Tensor, ...]:
    return _from(s.pre("i"), s.pre("f"), s.pre("g", s.c), s.pre("o"), s.c)


@cell_mistake(
    "lstm.gates_from_c",
    "Gates computed from the cell state",
    formula="A_k = x W_xkᵀ + c W_hkᵀ + b_k for all k",
    did="All your gates read the old cell where they should read the old hidden state.",
    next_step="Change the old hidden state only and see whether anything changes.",
)
def gates_from_c(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = (s.pre(role, s.c) for role in ("i", "f", "g", "o"))
    return _from(i, f, g, o, s.c)


@cell_mistake(
    "lstm.gates_ignore_h",
    "Previous hidden state not used",
    formula="A_k = x W_xkᵀ + b_k for all k",
    did="None of your gates depends on the previous hidden state.",
    next_step="Call the cell with two different hidden states and the same cell, and compare the results.",
)
def gates_ignore_h(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = (s.input_part(role) for role in ("i", "f", "g", "o"))
    return _from(i, f, g, o, s.c)


@cell_mistake(
    "lstm.gates_ignore_x",
    "Input not used",
    formula="A_k = h W_hkᵀ + b_k for all k",
    did="None of your gates depends on the input.",
    next_step="Call the cell with two different inputs and the same state, and compare the results.",
)
def gates_ignore_x(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = (s.state_part(role) for role in ("i", "f", "g", "o"))
    return _from(i, f, g, o, s.c)


@cell_mistake(
    "lstm.xh_multiplied",
    "The two maps multiplied instead of added",
    formula="A_k = (x W_xkᵀ + b_xk) ⊙ (h W_hkᵀ + b_hk)",
    did="You multiply the input's part and the state's part of each gate; they should be added.",
    next_step="Set the state's map to 0 (weights and bias) and look at what is left of the input.",
)
def xh_multiplied(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = (s.input_part(role) * s.state_part(role) for role in ("i", "f", "g", "o"))
    return _from(i, f, g, o, s.c)


@cell_mistake(
    "lstm.detached_state",
    "State cut off from the gradient",
    formula="h, c = detach(h), detach(c)",
    did="Your step computes the right values, but no gradient flows back into the previous state.",
    next_step="Make both states require a gradient, take two steps, call backward, and print their gradients.",
)
def detached_state(s: StepInputs) -> tuple[Tensor, ...]:
    o, c = _cell(s.with_state(h=s.h.detach(), c=s.c.detach()))
    return o * tanh(c), c
