"""Named mistakes of the gradient of a plain recurrent network: tanh', the step back, and how far back it goes."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.gradients.rnn_case import RNNCase
from reference.mistakes.gradients_uva_pieces import Pieces, gradients_in_pieces, uva_mistake


@uva_mistake(
    "uva.truncated_one_step",
    "Only the last step of each path",
    formula="dW_h = Σ_t (W_pᵀ d_p(t) ⊙ (1 − h_t²)) h_{t−1}ᵀ",
    did="You hold h_{t−1} constant, though it depends on W_h through every earlier step.",
    next_step="Change one entry of W_h by 1e-5 and see whether h_{t−1} stays the same in your forward pass.",
)
def truncated_one_step(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(window=1))


@uva_mistake(
    "uva.truncated_two_steps",
    "Only the last two steps of each path",
    formula="dL(t)/dW_h = the terms k = t and k = t − 1 of the sum over k ≤ t",
    did="You follow W_h back over two steps and hold everything before them constant.",
    next_step="Count the places in which W_h stands in your forward pass for T = 4, and the terms of your sum.",
)
def truncated_two_steps(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(window=2))


@uva_mistake(
    "uva.no_tanh_derivative",
    "Slope of tanh left out",
    formula="d_l(t) = d_h(t)",
    did="You pass the gradient through tanh unchanged, as if tanh were the identity.",
    next_step="Make the weights ten times as large, so that tanh saturates, and see whether your gradient shrinks.",
)
def no_tanh_derivative(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(slope=torch.ones_like))


@uva_mistake(
    "uva.tanh_derivative_of_h",
    "tanh applied to h once more",
    formula="d_l(t) = d_h(t) ⊙ (1 − tanh²(h_t))",
    did="Your slope takes tanh of h_t, which is a value of tanh already.",
    next_step="For one unit with l = 2, compare your slope with the difference quotient of tanh at 2.",
    severity="minor",
)
def tanh_derivative_of_h(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(slope=lambda h: 1 - torch.tanh(h) ** 2))


@uva_mistake(
    "uva.one_minus_tanh",
    "Slope of tanh without the square",
    formula="d_l(t) = d_h(t) ⊙ (1 − h_t)",
    did="Your slope of tanh has no square, so it is above 1 wherever h_t is negative.",
    next_step="Plot your slope over [−3, 3] beside tanh itself. Where should a slope be largest?",
    severity="minor",
)
def one_minus_tanh(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(slope=lambda h: 1 - h))


@uva_mistake(
    "uva.sigmoid_derivative",
    "Slope of the sigmoid for tanh",
    formula="d_l(t) = d_h(t) ⊙ h_t ⊙ (1 − h_t)",
    did="Your slope is that of a sigmoid, while your states come from tanh: it is 0 where tanh is steepest.",
    next_step="Compare your slope at l = 0 with the difference quotient of tanh there.",
)
def sigmoid_derivative(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(slope=lambda h: h * (1 - h)))


@uva_mistake(
    "uva.Whh_not_transposed",
    "W_h not transposed on the way back",
    formula="d_h(t) = W_pᵀ d_p(t) + W_h d_l(t+1)",
    did="You carry the gradient back with W_h as it stands in the forward pass.",
    next_step="Write out l_p = Σ_q (W_h)_pq h_q for two units: which entries of W_h does ∂L/∂h_1 collect?",
    severity="minor",
)
def whh_not_transposed(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(carry=lambda W_h: W_h))


@uva_mistake(
    "uva.h_t_instead_of_h_prev",
    "h_t in the place of h_{t−1}",
    formula="dW_h = Σ_t d_l(t) h_tᵀ",
    did="You pair d_l(t) with h_t, while W_h multiplies h_{t−1} at step t.",
    next_step="Set h_0 to zero and T to 1: what does W_h do to the loss then, and what does your formula say?",
    severity="minor",
)
def h_t_instead_of_h_prev(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(source=0))


@uva_mistake(
    "uva.outer_transposed",
    "Outer products of the recurrent weights the other way round",
    formula="dW_h = Σ_t h_{t−1} d_l(t)ᵀ,  dW_x = Σ_t x_t d_l(t)ᵀ",
    did="Your gradients of W_h and W_x come out transposed.",
    next_step="Compare the shape of your gradient of W_x with that of W_x, for n different from d.",
    severity="minor",
)
def outer_transposed(case: RNNCase) -> dict[str, Tensor]:
    found = gradients_in_pieces(case, Pieces())
    return found | {"dW_h": found["dW_h"].mT, "dW_x": found["dW_x"].mT}
