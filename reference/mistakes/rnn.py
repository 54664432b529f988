"""Named mistakes of the plain recurrent cell. `act` is the activation that the question asks for."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.cells.roles import StepInputs
from reference.mistakes.catalogue import cell_mistake


@cell_mistake(
    "rnn.relu_for_tanh",
    "relu where tanh is asked for",
    formula="h' = relu(x W_xᵀ + h W_hᵀ + b)",
    did="Your cell applies relu although tanh was asked for: negative values become 0 and large ones are not bounded.",
    next_step="Construct the cell with each nonlinearity and print the smallest and largest output of both.",
)
def relu_for_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    return (torch.relu(s.pre("a")),)


@cell_mistake(
    "rnn.tanh_for_relu",
    "tanh where relu is asked for",
    formula="h' = tanh(x W_xᵀ + h W_hᵀ + b)",
    did="Your cell applies tanh although relu was asked for: its outputs are negative for negative sums.",
    next_step="Construct the cell with each nonlinearity and print the smallest and largest output of both.",
)
def tanh_for_relu(s: StepInputs) -> tuple[Tensor, ...]:
    return (torch.tanh(s.pre("a")),)


@cell_mistake(
    "rnn.sigmoid",
    "Sigmoid as the activation of the state",
    formula="h' = σ(x W_xᵀ + h W_hᵀ + b)",
    did="Your new state is always between 0 and 1, because a sigmoid stands where the asked activation belongs.",
    next_step="Feed a step with all-zero input, state and bias, and look at the value that comes out.",
)
def sigmoid(s: StepInputs) -> tuple[Tensor, ...]:
    return (torch.sigmoid(s.pre("a")),)


@cell_mistake(
    "rnn.linear",
    "Missing activation",
    formula="h' = x W_xᵀ + h W_hᵀ + b",
    did="Your new state is a linear function of input and old state: no activation is applied.",
    next_step="Double both input and state with the biases at 0, and compare the two outputs.",
)
def linear(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.pre("a"),)


@cell_mistake(
    "rnn.activation_split",
    "Activation applied to each map by itself",
    formula="h' = act(x W_xᵀ + b_x) + act(h W_hᵀ + b_h)",
    did="You apply the activation to the input's part and to the state's part and add the two results.",
    next_step="With large weights, print the largest output: can act(a + b) become that large?",
)
def activation_split(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.input_part("a")) + s.activation(s.state_part("a")),)


@cell_mistake(
    "rnn.act_on_x_only",
    "Activation on the input's part only",
    formula="h' = act(x W_xᵀ + b_x) + h W_hᵀ + b_h",
    did="Your activation covers the input's part; the state's part is added after it and stays linear.",
    next_step="Set the input to 0, double the state, and see whether the output doubles, too.",
)
def act_on_x_only(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.input_part("a")) + s.state_part("a"),)


@cell_mistake(
    "rnn.act_on_h_only",
    "Activation on the state's part only",
    formula="h' = x W_xᵀ + b_x + act(h W_hᵀ + b_h)",
    did="Your activation covers the state's part; the input's part is added after it and stays linear.",
    next_step="Set the state to 0, double the input, and see whether the output doubles, too.",
)
def act_on_h_only(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.input_part("a") + s.activation(s.state_part("a")),)


@cell_mistake(
    "rnn.ignore_h",
    "Previous state not used",
    formula="h' = act(x W_xᵀ + b)",
    did="Your new state does not depend on the previous one, so nothing is remembered.",
    next_step="Call the cell twice with the same input and two different states, and compare.",
)
def ignore_h(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.input_part("a")),)


@cell_mistake(
    "rnn.ignore_x",
    "Input not used",
    formula="h' = act(h W_hᵀ + b)",
    did="Your new state does not depend on the input.",
    next_step="Call the cell twice with the same state and two different inputs, and compare.",
)
def ignore_x(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.state_part("a")),)


@cell_mistake(
    "rnn.Whh_transposed",
    "Recurrent matrix applied transposed",
    formula="h' = act(x W_xᵀ + h W_h + b)",
    did="You multiply the state by the recurrent matrix as stored; the input's matrix is transposed first.",
    next_step="Put a single 1 into row 0, column 1 of the recurrent matrix and see which unit receives the state.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def whh_transposed(s: StepInputs) -> tuple[Tensor, ...]:
    role = s.roles["a"]
    return (s.activation(s.input_part("a") + s.h @ role.W_h + role.b_h),)


@cell_mistake(
    "rnn.multiplied",
    "The two maps multiplied instead of added",
    formula="h' = act((x W_xᵀ + b_x) ⊙ (h W_hᵀ + b_h))",
    did="You multiply the input's part and the state's part; they should be added.",
    next_step="Set the state's map to 0 (weights and bias) and look at what is left of the input.",
)
def multiplied(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.input_part("a") * s.state_part("a")),)


@cell_mistake(
    "rnn.residual",
    "Old state added to the new one",
    formula="h' = h + act(x W_xᵀ + h W_hᵀ + b)",
    did="You add the old state to the activation, so the state grows from step to step.",
    next_step="Run 100 steps on random input and print the largest absolute value of the state every 10 steps.",
)
def residual(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.h + s.activation(s.pre("a")),)


@cell_mistake(
    "rnn.bh_dropped",
    "Bias of the state's map left out",
    formula="h' = act(x W_xᵀ + b_x + h W_hᵀ)",
    did="You use one bias instead of two, which computes the same family of functions.",
    next_step="Nothing to do here.",
    effect="equivalent",
    searched=False,
    severity="minor",
)
def bh_dropped(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.input_part("a") + s.bare_state_part("a")),)


@cell_mistake(
    "rnn.double_step",
    "Two updates in one step",
    formula="h' = act(x W_xᵀ + b_x + act(x W_xᵀ + h W_hᵀ + b) W_hᵀ + b_h)",
    did="Your step feeds its own new state through the recurrent map once more before returning it.",
    next_step="Count how often the recurrent map is applied when you call the cell once.",
)
def double_step(s: StepInputs) -> tuple[Tensor, ...]:
    once = s.activation(s.pre("a"))
    return (s.activation(s.input_part("a") + s.state_part("a", once)),)


@cell_mistake(
    "rnn.softsign",
    "Softsign as the activation",
    formula="h' = A / (1 + |A|),  A = x W_xᵀ + h W_hᵀ + b",
    did="Your activation is A / (1 + |A|), which bends earlier and saturates much later than the one asked for.",
    next_step="Plot your activation and the asked one over [-5, 5] in one figure.",
    severity="minor",
)
def softsign(s: StepInputs) -> tuple[Tensor, ...]:
    pre = s.pre("a")
    return (pre / (1 + pre.abs()),)


@cell_mistake(
    "rnn.leaky_relu",
    "Leaky relu as the activation",
    formula="h' = max(A, 0.01 A),  A = x W_xᵀ + h W_hᵀ + b",
    did="Your activation lets a hundredth of negative values through.",
    next_step="Feed the cell a strongly negative bias and print the smallest output.",
    severity="minor",
)
def leaky_relu(s: StepInputs) -> tuple[Tensor, ...]:
    return (torch.nn.functional.leaky_relu(s.pre("a"), 0.01),)


@cell_mistake(
    "rnn.detached_state",
    "State cut off from the gradient",
    formula="h' = act(x W_xᵀ + detach(h) W_hᵀ + b)",
    did="Your step computes the right values, but no gradient flows back into the previous state.",
    next_step="Make the state require a gradient, take two steps, call backward, and print the state's gradient.",
)
def detached_state(s: StepInputs) -> tuple[Tensor, ...]:
    return (s.activation(s.pre("a", s.h.detach())),)
