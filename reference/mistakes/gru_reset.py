"""Named mistakes of the gated recurrent unit: the reset gate, the candidate, and the maps. A_k: pre-activation of k."""

from __future__ import annotations

import torch
from torch import Tensor, sigmoid, tanh

from reference.cells.roles import StepInputs
from reference.mistakes.catalogue import cell_mistake


def _blend(s: StepInputs, candidate: Tensor) -> tuple[Tensor, ...]:
    z = sigmoid(s.pre("z"))
    return (z * s.h + (1 - z) * candidate,)


@cell_mistake(
    "gru.no_reset",
    "Reset gate not used",
    formula="n = tanh(A_n),  h' = z ⊙ h + (1 − z) ⊙ n",
    did="Your candidate always sees the whole old state; the reset gate has no effect.",
    next_step="Set the reset gate's bias to −20 and see whether the candidate still depends on the old state.",
)
def no_reset(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, tanh(s.pre("n")))


@cell_mistake(
    "gru.no_reset_conv2",
    "Reset gate not used (update gate on the candidate)",
    formula="n = tanh(A_n),  h' = (1 − z) ⊙ h + z ⊙ n",
    did="Your candidate always sees the whole old state; the reset gate has no effect.",
    next_step="Set the reset gate's bias to −20 and see whether the candidate still depends on the old state.",
)
def no_reset_conv2(s: StepInputs) -> tuple[Tensor, ...]:
    z = sigmoid(s.pre("z"))
    return ((1 - z) * s.h + z * tanh(s.pre("n")),)


@cell_mistake(
    "gru.reset_on_x",
    "Reset gate on the input's part",
    formula="n = tanh(r ⊙ (x W_xnᵀ + b_xn) + h W_hnᵀ + b_hn)",
    did="Your reset gate scales what the candidate takes from the input; it should scale what it takes from the state.",
    next_step="Set the reset gate's bias to −20 and see which of the two the candidate still depends on.",
)
def reset_on_x(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, tanh(sigmoid(s.pre("r")) * s.input_part("n") + s.state_part("n")))


@cell_mistake(
    "gru.reset_on_sum",
    "Reset gate on the whole sum",
    formula="n = tanh(r ⊙ A_n)",
    did="Your reset gate scales the input's part of the candidate together with the state's part.",
    next_step="Set the reset gate's bias to −20 and see whether the candidate still depends on the input.",
)
def reset_on_sum(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, tanh(sigmoid(s.pre("r")) * s.pre("n")))


@cell_mistake(
    "gru.reset_outside_tanh",
    "Reset gate outside the tanh",
    formula="n = r ⊙ tanh(A_n)",
    did="Your reset gate scales the finished candidate instead of the state that enters it.",
    next_step="Set the reset gate's bias to −20 and print the candidate for a large input.",
)
def reset_outside_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, sigmoid(s.pre("r")) * tanh(s.pre("n")))


@cell_mistake(
    "gru.reset_twice",
    "Reset gate applied twice",
    formula="n = tanh(x W_xnᵀ + b_xn + r ⊙ ((r ⊙ h) W_hnᵀ + b_hn))",
    did="Your reset gate multiplies the state before the product and its result once more after it.",
    next_step="Set r to 0.5 everywhere and compare the state's part of the candidate with that at r = 1.",
)
def reset_twice(s: StepInputs) -> tuple[Tensor, ...]:
    r = sigmoid(s.pre("r"))
    return _blend(s, tanh(s.input_part("n") + r * s.state_part("n", r * s.h)))


@cell_mistake(
    "gru.reset_on_carry",
    "Reset gate on the carried state",
    formula="h' = z ⊙ (r ⊙ h) + (1 − z) ⊙ n",
    did="The old state that you carry over has been multiplied by the reset gate.",
    next_step="Set the update gate's bias to +20: the state should stay as it is. Does yours?",
)
def reset_on_carry(s: StepInputs) -> tuple[Tensor, ...]:
    r, z = sigmoid(s.pre("r")), sigmoid(s.pre("z"))
    n = tanh(s.input_part("n") + s.gated_state_part("n", r))
    return (z * (r * s.h) + (1 - z) * n,)


@cell_mistake(
    "gru.reset_inverted",
    "Reset gate the wrong way round",
    formula="n = tanh(x W_xnᵀ + b_xn + (1 − r) ⊙ (h W_hnᵀ + b_hn))",
    did="Your candidate loses the old state where the reset gate is near 1 and sees it where the gate is near 0.",
    next_step="Set the reset gate's bias to +20 and see whether the candidate still depends on the old state.",
)
def reset_inverted(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, tanh(s.input_part("n") + s.gated_state_part("n", 1 - sigmoid(s.pre("r")))))


@cell_mistake(
    "gru.candidate_sigmoid",
    "Sigmoid on the candidate",
    formula="n = σ(x W_xnᵀ + b_xn + r ⊙ (h W_hnᵀ + b_hn))",
    did="Your candidate lies between 0 and 1, so the state can never be pulled below 0.",
    next_step="Print the smallest state over 100 steps of random input.",
)
def candidate_sigmoid(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, sigmoid(s.input_part("n") + s.gated_state_part("n", sigmoid(s.pre("r")))))


@cell_mistake(
    "gru.candidate_relu",
    "Relu on the candidate",
    formula="n = relu(x W_xnᵀ + b_xn + r ⊙ (h W_hnᵀ + b_hn))",
    did="Your candidate is never negative and not bounded.",
    next_step="Print the smallest and largest state over 100 steps of random input.",
)
def candidate_relu(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, torch.relu(s.input_part("n") + s.gated_state_part("n", sigmoid(s.pre("r")))))


@cell_mistake(
    "gru.reset_tanh",
    "tanh on the reset gate",
    formula="r = tanh(A_r)",
    did="Your reset gate takes values between −1 and 1, so it can turn the sign of the state.",
    next_step="Print the smallest value of the reset gate. What would a gate of −1 mean?",
)
def reset_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, tanh(s.input_part("n") + s.gated_state_part("n", tanh(s.pre("r")))))


@cell_mistake(
    "gru.candidate_ignores_h",
    "Candidate without the old state",
    formula="n = tanh(x W_xnᵀ + b_n)",
    did="Your candidate depends on the input alone, so the reset gate has nothing to act on.",
    next_step="Set the update gate's bias to −20 and see whether the new state depends on the old one.",
)
def candidate_ignores_h(s: StepInputs) -> tuple[Tensor, ...]:
    return _blend(s, tanh(s.input_part("n")))


@cell_mistake(
    "gru.gates_ignore_h",
    "Gates without the old state",
    formula="r, z = σ(x W_xrᵀ + b_r), σ(x W_xzᵀ + b_z)",
    did="Your reset and update gates depend on the input alone.",
    next_step="Print both gates for two different old states and the same input.",
)
def gates_ignore_h(s: StepInputs) -> tuple[Tensor, ...]:
    r, z = sigmoid(s.input_part("r")), sigmoid(s.input_part("z"))
    n = tanh(s.input_part("n") + s.gated_state_part("n", r))
    return (z * s.h + (1 - z) * n,)


@cell_mistake(
    "gru.after_bias_outside",
    "Bias of the candidate outside the reset gate",
    formula="n = tanh(x W_xnᵀ + b_xn + r ⊙ (h W_hnᵀ) + b_hn)",
    did="Your reset gate multiplies the product with the state but not its bias; both forms are in use.",
    next_step="Nothing to do here.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def after_bias_outside(s: StepInputs) -> tuple[Tensor, ...]:
    recurrent = sigmoid(s.pre("r")) * s.bare_state_part("n") + s.roles["n"].b_h
    return _blend(s, tanh(s.input_part("n") + recurrent))


@cell_mistake(
    "gru.gates_swapped",
    "Reset and update gate exchanged",
    formula="n = tanh(x W_xnᵀ + b_xn + z ⊙ (h W_hnᵀ + b_hn)),  h' = r ⊙ h + (1 − r) ⊙ n",
    did="Your reset and update gates have exchanged names; trained weights come out exchanged, too.",
    next_step="Nothing to do, unless the question fixes the order of the gates.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def gates_swapped(s: StepInputs) -> tuple[Tensor, ...]:
    r, z = sigmoid(s.pre("r")), sigmoid(s.pre("z"))
    return (r * s.h + (1 - r) * tanh(s.input_part("n") + s.gated_state_part("n", z)),)
