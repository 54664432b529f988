"""Named mistakes of the gated recurrent unit: how old state and candidate are blended, and gradients."""

from __future__ import annotations

from torch import Tensor, sigmoid, tanh

from reference.cells.roles import StepInputs
from reference.mistakes.catalogue import cell_mistake


def _parts(s: StepInputs) -> tuple[Tensor, Tensor, Tensor]:
    r, z = sigmoid(s.pre("r")), sigmoid(s.pre("z"))
    return r, z, tanh(s.input_part("n") + s.gated_state_part("n", r))


@cell_mistake(
    "gru.no_update",
    "Update gate not used",
    formula="h' = n",
    did="Your new state is the candidate alone; the update gate does not blend it with the old state.",
    next_step="Set the update gate's bias to +20 and to −20 and compare the two results.",
)
def no_update(s: StepInputs) -> tuple[Tensor, ...]:
    r = sigmoid(s.pre("r"))
    return (tanh(s.input_part("n") + s.gated_state_part("n", r)),)


@cell_mistake(
    "gru.update_tanh",
    "tanh on the update gate",
    formula="z = tanh(A_z)",
    did="Your update gate takes values between −1 and 1, so the blend is no weighted mean.",
    next_step="Print the smallest value of the update gate. What would a gate of −1 mean?",
)
def update_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    r, z = sigmoid(s.pre("r")), tanh(s.pre("z"))
    return (z * s.h + (1 - z) * tanh(s.input_part("n") + s.gated_state_part("n", r)),)


@cell_mistake(
    "gru.no_complement",
    "Candidate added without its weight",
    formula="h' = z ⊙ h + n",
    did="You weight the old state with z but take the whole candidate, so the weights do not add up to 1.",
    next_step="Run 100 steps on random input and see whether the state stays between −1 and 1.",
)
def no_complement(s: StepInputs) -> tuple[Tensor, ...]:
    _, z, n = _parts(s)
    return (z * s.h + n,)


@cell_mistake(
    "gru.same_gate_both",
    "The same weight for old state and candidate",
    formula="h' = z ⊙ h + z ⊙ n",
    did="You weight both the old state and the candidate with z, so the weights do not add up to 1.",
    next_step="Set the update gate's bias to −20 and print the new state.",
)
def same_gate_both(s: StepInputs) -> tuple[Tensor, ...]:
    _, z, n = _parts(s)
    return (z * s.h + z * n,)


@cell_mistake(
    "gru.plain_sum",
    "Old state carried over in full",
    formula="h' = h + (1 − z) ⊙ n",
    did="You add the weighted candidate to the whole old state, so the weights do not add up to 1.",
    next_step="Run 100 steps on random input and see whether the state stays between −1 and 1.",
)
def plain_sum(s: StepInputs) -> tuple[Tensor, ...]:
    _, z, n = _parts(s)
    return (s.h + (1 - z) * n,)


@cell_mistake(
    "gru.complement_added",
    "Complement added instead of multiplied",
    formula="h' = z ⊙ n + (1 − z) + h",
    did="You add 1 − z and the old state; a plus stands where a product belongs.",
    next_step="Set the update gate's bias to −20 and zero the state: print what one step gives.",
)
def complement_added(s: StepInputs) -> tuple[Tensor, ...]:
    _, z, n = _parts(s)
    return (z * n + (1 - z) + s.h,)


@cell_mistake(
    "gru.r_and_z_blend",
    "Reset gate used for the blend",
    formula="h' = r ⊙ h + z ⊙ n",
    did="You weight the old state with the reset gate and the candidate with the update gate.",
    next_step="Print r + z for a random batch and compare it with 1.",
)
def r_and_z_blend(s: StepInputs) -> tuple[Tensor, ...]:
    r, z, n = _parts(s)
    return (r * s.h + z * n,)


@cell_mistake(
    "gru.output_tanh",
    "tanh on the new state",
    formula="h' = tanh(z ⊙ h + (1 − z) ⊙ n)",
    did="You squash the blend once more, so the state shrinks at each step even where nothing changes.",
    next_step="Set the update gate's bias to +20 and follow a state that starts at 0.9 for ten steps.",
)
def output_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    _, z, n = _parts(s)
    return (tanh(z * s.h + (1 - z) * n),)


@cell_mistake(
    "gru.returns_candidate_mix_old",
    "Old state multiplied with the candidate",
    formula="h' = z ⊙ n + (1 − z) ⊙ n ⊙ h",
    did="You multiply the old state with the candidate instead of blending the two.",
    next_step="Start from a zero state and print which terms of your blend are left.",
)
def returns_candidate_mix_old(s: StepInputs) -> tuple[Tensor, ...]:
    _, z, n = _parts(s)
    return (z * n + (1 - z) * n * s.h,)


@cell_mistake(
    "gru.detached_state",
    "State cut off from the gradient",
    formula="h = detach(h)",
    did="Your step computes the right values, but no gradient flows back into the previous state.",
    next_step="Make the state require a gradient, take two steps, call backward, and print the state's gradient.",
)
def detached_state(s: StepInputs) -> tuple[Tensor, ...]:
    cut = s.with_state(h=s.h.detach(), c=s.c.detach())
    _, z, n = _parts(cut)
    return (z * cut.h + (1 - z) * n,)
