"""Named mistakes of the gradients of a gated recurrent unit: slopes, the blend, and the error."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from reference.gradients.gru_case import GRUCase
from reference.mistakes.gradients_tau_pieces import Pieces, gradients_in_pieces, tau_mistake


@tau_mistake(
    "tau.sigma_prime",
    "Square inside the derivative of the sigmoid",
    formula="σ' = σ (1 − σ²)",
    did="Your slope of the sigmoid is σ (1 − σ²), which is too large by the factor 1 + σ.",
    next_step="Put a = 0 into your slope and compare with the difference quotient of σ at 0.",
    severity="minor",
)
def sigma_prime(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(replace(case, sigmoid_slope=lambda s: s * (1 - s**2)), Pieces())


@tau_mistake(
    "tau.tanh_prime",
    "Slope of tanh without the square",
    formula="tanh' = 1 − g",
    did="Your slope of tanh has no square, so it is above 1 wherever the candidate is negative.",
    next_step="Plot your slope over [−3, 3] beside tanh itself. Where should a slope be largest?",
    severity="minor",
)
def tanh_prime(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(tanh_slope=lambda g: 1 - g))


@tau_mistake(
    "tau.zsign",
    "Sign of the update gate's gradient turned",
    formula="dz = δ ⊙ (g_2 − h_1) ⊙ σ'(z_2)",
    did="Your gradient of the update gate has the sign of the other convention, in which z weights the candidate.",
    next_step="Raise z in the forward line of the question: does h_2 move towards h_1 or towards g_2?",
    severity="minor",
)
def zsign(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(turn=lambda s: -s.turn))


@tau_mistake(
    "tau.z_for_1mz",
    "z in the place of 1 − z",
    formula="dg = δ ⊙ z_2 ⊙ (1 − g_2²)",
    did="You weight the candidate's gradient with z, as in the other convention for the update gate.",
    next_step="Set z = 1 in the forward line of the question: does g_2 still reach h_2?",
    severity="minor",
)
def z_for_1mz(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(take=lambda s: s.keep))


@tau_mistake(
    "tau.no_1mz",
    "Candidate's gradient without the update gate",
    formula="dg = δ ⊙ (1 − g_2²)",
    did="Your candidate's gradient does not depend on the update gate, which decides how much of it reaches h_2.",
    next_step="Set z near 1 in the forward line and see how much h_2 moves with g_2.",
)
def no_1mz(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(take=lambda s: torch.ones_like(s.z)))


@tau_mistake(
    "tau.delta_missing",
    "Error left out of the chain",
    formula="δ = 1",
    did="Your gradients do not contain ∂ε_2/∂h_2, so they are those of h_2 summed over its units.",
    next_step="Let h_2 equal y_2: which gradient should every weight have then?",
)
def delta_missing(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(delta=lambda case, s: torch.ones_like(s.h)))


@tau_mistake(
    "tau.local_vs_total",
    "h_1 held constant, or followed, unlike what is asked",
    formula="local: ∂ε_2/∂W with h_1 constant;  total: plus ∂ε_2/∂h_1 · ∂h_1/∂W",
    did="Your gradient and the one asked for treat h_1 differently: one holds it constant, the other sees W in it.",
    next_step="Change one weight by 1e-5 and compute ε_2 twice: with the old h_1, and with h_1 computed anew.",
)
def local_vs_total(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(replace(case, scope="total" if case.scope == "local" else "local"), Pieces())
