"""Mistakes that any cell can contain; they are found by comparing calls or by parameters without effect."""

from __future__ import annotations

from reference.mistakes.catalogue import text

STATEFUL = text(
    "cell.stateful",
    "Hidden memory or chance inside the cell",
    formula="step(x, state) ≠ step(x, state)",
    did="Two calls of your cell with the same input and state give different values.",
    next_step="Call the cell twice in a row with the same tensors and print the difference after each of your lines.",
)

SAMPLES_MIXED = text(
    "cell.samples_mixed",
    "Samples of a batch mixed",
    formula="h'_b depends on x_a or h_a of another sample a",
    did="What your cell returns for one sample of the batch changes when another sample changes.",
    next_step="Run a batch of two, change the second sample only, and compare the first row of the outputs.",
)

DEAD_STATE = text(
    "cell.dead_block_h",
    "A gate that does not see the previous state",
    formula="A_k = x W_xkᵀ + b_k for at least one gate k",
    did="At least one gate of your cell does not depend on the previous hidden state.",
    next_step="Print the gradient of each gate with respect to the previous state and look for zeros.",
)

DEAD_INPUT = text(
    "cell.dead_block_x",
    "A gate that does not see the input",
    formula="A_k = h W_hkᵀ + b_k for at least one gate k",
    did="At least one gate of your cell does not depend on the input.",
    next_step="Print the gradient of each gate with respect to the input and look for zeros.",
)

DEAD_BOTH = text(
    "cell.dead_block_hx",
    "Gates that miss one of their two maps",
    formula="A_k without W_xk x for one gate, without W_hk h for another",
    did="One gate of your cell does not see the input, and another does not see the previous state.",
    next_step="Print the gradient of each gate with respect to input and state and look for zeros.",
)

SHARED_WEIGHTS = text(
    "cell.shared_weights",
    "One gate computed with another gate's weights",
    formula="A_j = x W_xkᵀ + h W_hkᵀ + b_k for two gates j ≠ k",
    did="Two gates of your cell use the same weights, and the weights meant for one of them have no effect.",
    next_step="Call backward once and list the parameters whose gradient is zero or None.",
)
