"""Named mistakes of the LSTM cell: activations of the gates and of the candidate, gates unused or tied."""

from __future__ import annotations

import torch
from torch import Tensor, sigmoid, tanh

from reference.cells.roles import StepInputs
from reference.mistakes.catalogue import cell_mistake


def _gates(s: StepInputs) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return sigmoid(s.pre("i")), sigmoid(s.pre("f")), tanh(s.pre("g")), sigmoid(s.pre("o"))


def _state(o: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    return o * tanh(c), c


@cell_mistake(
    "lstm.candidate_sigmoid",
    "Sigmoid on the candidate",
    formula="g = σ(A_g)",
    did="Your candidate lies between 0 and 1, so the cell can only be pushed upwards.",
    next_step="Print the smallest candidate over a random batch. Which sign should it be able to take?",
)
def candidate_sigmoid(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, _, o = _gates(s)
    return _state(o, f * s.c + i * sigmoid(s.pre("g")))


@cell_mistake(
    "lstm.candidate_relu",
    "Relu on the candidate",
    formula="g = relu(A_g)",
    did="Your candidate is never negative and not bounded, so the cell can only be pushed upwards.",
    next_step="Print the smallest and the largest candidate over a random batch.",
)
def candidate_relu(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, _, o = _gates(s)
    return _state(o, f * s.c + i * torch.relu(s.pre("g")))


@cell_mistake(
    "lstm.candidate_linear",
    "Candidate without activation",
    formula="g = A_g",
    did="Your candidate is not squashed: one large input can move the cell by any amount.",
    next_step="Multiply the input by 100 and print the largest candidate.",
)
def candidate_linear(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, _, o = _gates(s)
    return _state(o, f * s.c + i * s.pre("g"))


@cell_mistake(
    "lstm.input_gate_tanh",
    "tanh on the input gate",
    formula="i = tanh(A_i)",
    did="Your input gate takes values between −1 and 1, so it can turn the sign of the candidate.",
    next_step="Print the smallest value of the input gate. What would a gate of −1 mean?",
)
def input_gate_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    _, f, g, o = _gates(s)
    return _state(o, f * s.c + tanh(s.pre("i")) * g)


@cell_mistake(
    "lstm.forget_gate_tanh",
    "tanh on the forget gate",
    formula="f = tanh(A_f)",
    did="Your forget gate takes values between −1 and 1, so it can turn the sign of the old cell.",
    next_step="Print the smallest value of the forget gate. What would a gate of −1 mean?",
)
def forget_gate_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    i, _, g, o = _gates(s)
    return _state(o, tanh(s.pre("f")) * s.c + i * g)


@cell_mistake(
    "lstm.output_gate_tanh",
    "tanh on the output gate",
    formula="o = tanh(A_o)",
    did="Your output gate takes values between −1 and 1, so it can turn the sign of what is read out.",
    next_step="Print the smallest value of the output gate. What would a gate of −1 mean?",
)
def output_gate_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, _ = _gates(s)
    return _state(tanh(s.pre("o")), f * s.c + i * g)


@cell_mistake(
    "lstm.all_gates_tanh",
    "tanh on all gates",
    formula="i, f, o = tanh(A_i), tanh(A_f), tanh(A_o)",
    did="Your three gates take values between −1 and 1; a gate should say how much passes, from nothing to all.",
    next_step="Print the smallest value of each gate over a random batch.",
)
def all_gates_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    return _state(tanh(s.pre("o")), tanh(s.pre("f")) * s.c + tanh(s.pre("i")) * tanh(s.pre("g")))


@cell_mistake(
    "lstm.hard_sigmoid",
    "Piecewise linear gates",
    formula="i, f, o = clip(0.2 A + 0.5, 0, 1)",
    did="Your gates are straight lines cut at 0 and 1 instead of sigmoids.",
    next_step="Plot your gate and a sigmoid over [−5, 5] in one figure.",
    severity="minor",
)
def hard_sigmoid(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, o = ((0.2 * s.pre(role) + 0.5).clamp(0, 1) for role in ("i", "f", "o"))
    return _state(o, f * s.c + i * tanh(s.pre("g")))


@cell_mistake(
    "lstm.no_forget_gate",
    "Forget gate not used",
    formula="c' = c + i ⊙ g",
    did="Your old cell is carried over in full; the forget gate has no effect on it.",
    next_step="Set the forget gate's bias to −20 and see whether anything of the old cell is left.",
)
def no_forget_gate(s: StepInputs) -> tuple[Tensor, ...]:
    i, _, g, o = _gates(s)
    return _state(o, s.c + i * g)


@cell_mistake(
    "lstm.no_input_gate",
    "Input gate not used",
    formula="c' = f ⊙ c + g",
    did="Your candidate enters the cell in full; the input gate has no effect on it.",
    next_step="Set the input gate's bias to −20 and see whether the candidate still reaches the cell.",
)
def no_input_gate(s: StepInputs) -> tuple[Tensor, ...]:
    _, f, g, o = _gates(s)
    return _state(o, f * s.c + g)


@cell_mistake(
    "lstm.no_output_gate",
    "Output gate not used",
    formula="h' = tanh(c')",
    did="Your hidden state shows the whole cell; the output gate has no effect on it.",
    next_step="Set the output gate's bias to −20 and print the hidden state.",
)
def no_output_gate(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, _ = _gates(s)
    c = f * s.c + i * g
    return tanh(c), c


@cell_mistake(
    "lstm.coupled_gates",
    "Input gate tied to the forget gate",
    formula="c' = f ⊙ c + (1 − f) ⊙ g",
    did="You weight the candidate with 1 − f, so your cell cannot keep the old value and add to it.",
    next_step="Try to set the weights so that the cell keeps c and adds the whole candidate.",
)
def coupled_gates(s: StepInputs) -> tuple[Tensor, ...]:
    _, f, g, o = _gates(s)
    return _state(o, f * s.c + (1 - f) * g)


@cell_mistake(
    "lstm.coupled_gates_i",
    "Forget gate tied to the input gate",
    formula="c' = (1 − i) ⊙ c + i ⊙ g",
    did="You weight the old cell with 1 − i, so your cell cannot keep the old value and add to it.",
    next_step="Try to set the weights so that the cell keeps c and adds the whole candidate.",
)
def coupled_gates_i(s: StepInputs) -> tuple[Tensor, ...]:
    i, _, g, o = _gates(s)
    return _state(o, (1 - i) * s.c + i * g)


@cell_mistake(
    "lstm.forget_inverted",
    "Forget gate the wrong way round",
    formula="c' = (1 − f) ⊙ c + i ⊙ g",
    did="Your cell forgets where the forget gate is near 1 and keeps where it is near 0.",
    next_step="Set the forget gate's bias to +20 and print how much of the old cell is left after one step.",
)
def forget_inverted(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = _gates(s)
    return _state(o, (1 - f) * s.c + i * g)


@cell_mistake(
    "lstm.forget_bias_plus1",
    "Constant added to the forget gate",
    formula="f = σ(A_f + k) with a constant k, often 1",
    did="You add a constant inside the forget gate, which moves where its bias starts and nothing else.",
    next_step="Compare your forget gate at zero weights with σ(0) = 0.5.",
    effect="equivalent",
    severity="minor",
)
def forget_bias_plus1(s: StepInputs) -> tuple[Tensor, ...]:
    i, _, g, o = _gates(s)
    return _state(o, sigmoid(s.pre("f") + 1) * s.c + i * g)


@cell_mistake(
    "lstm.forget_input_swapped",
    "Forget and input gate exchanged",
    formula="c' = i ⊙ c + f ⊙ g",
    did="Your forget and input gates have exchanged names; trained weights come out exchanged, too.",
    next_step="Nothing to do, unless the question fixes the order of the gates.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def forget_input_swapped(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = _gates(s)
    return _state(o, i * s.c + f * g)


@cell_mistake(
    "lstm.input_output_swapped",
    "Input and output gate exchanged",
    formula="c' = f ⊙ c + o ⊙ g,  h' = i ⊙ tanh(c')",
    did="Your input and output gates have exchanged names; trained weights come out exchanged, too.",
    next_step="Nothing to do, unless the question fixes the order of the gates.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def input_output_swapped(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = _gates(s)
    return _state(i, f * s.c + o * g)


@cell_mistake(
    "lstm.bias_once_dropped_bh",
    "One bias for each gate",
    formula="A_k = x W_xkᵀ + b_xk + h W_hkᵀ",
    did="You use one bias a gate instead of two, which computes the same family of functions.",
    next_step="Nothing to do here.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def bias_once_dropped_bh(s: StepInputs) -> tuple[Tensor, ...]:
    i, f, g, o = (s.input_part(role) + s.bare_state_part(role) for role in ("i", "f", "g", "o"))
    return _state(sigmoid(o), sigmoid(f) * s.c + sigmoid(i) * tanh(g))
