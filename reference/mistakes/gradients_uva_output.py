"""Named mistakes of the gradient of a plain recurrent network: softmax, its error, and the output layer."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.gradients.rnn_case import RNNCase, rnn_run
from reference.mistakes.gradients_uva_pieces import Pieces, gradients_in_pieces, uva_mistake


def _without_softmax(p: Tensor, y: Tensor) -> Tensor:
    """∂L/∂ŷ, before the derivative of the softmax."""
    return -y / torch.softmax(p, dim=0)


def _probability(p: Tensor, y: Tensor) -> Tensor:
    return torch.softmax(p, dim=0)


def _turned(p: Tensor, y: Tensor) -> Tensor:
    return y - torch.softmax(p, dim=0)


def _unsquared_jacobian(p: Tensor) -> Tensor:
    e = torch.exp(p)
    return torch.diag(e / e.sum()) - torch.outer(e, e) / e.sum()


def _unsquared(p: Tensor, y: Tensor) -> Tensor:
    return _without_softmax(p, y) @ _unsquared_jacobian(p)


@uva_mistake(
    "uva.sign_flipped",
    "Sign of the error turned in the recurrent chain",
    formula="d_h(t) = W_pᵀ (y_t − ŷ_t) + W_hᵀ d_l(t+1)",
    did="Your gradients of the recurrent weights point downhill, where a gradient points uphill.",
    next_step="Take a small step against your gradient of W_h and see whether the loss falls.",
    severity="minor",
)
def sign_flipped(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(error=_turned))


@uva_mistake(
    "uva.dp_is_minus_y_over_yhat",
    "Derivative of the softmax left out of the recurrent chain",
    formula="d_h(t) = W_pᵀ (−y_t / ŷ_t) + W_hᵀ d_l(t+1)",
    did="You send ∂L/∂ŷ back into h_t as if ŷ were the scores themselves.",
    next_step="Write the chain from L to h_t as L → ŷ → p → h and see which arrow your formula leaves out.",
)
def dp_is_minus_y_over_yhat(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(error=_without_softmax))


@uva_mistake(
    "uva.dp_is_yhat",
    "Target left out of the error in the recurrent chain",
    formula="d_h(t) = W_pᵀ ŷ_t + W_hᵀ d_l(t+1)",
    did="Your error in the recurrent chain does not depend on the target y_t.",
    next_step="Let ŷ_t equal y_t: which gradient should the recurrent weights have then?",
)
def dp_is_yhat(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(error=_probability))


@uva_mistake(
    "uva.wph_transposed",
    "Outer product of W_p the other way round",
    formula="dW_p = Σ_t h_t (ŷ_t − y_t)ᵀ",
    did="Your gradient of W_p comes out transposed.",
    next_step="Compare the shape of your gradient with that of W_p, for K different from n.",
    severity="minor",
)
def wph_transposed(case: RNNCase) -> dict[str, Tensor]:
    found = gradients_in_pieces(case, Pieces())
    return found | {"dW_p": found["dW_p"].mT}


@uva_mistake(
    "uva.wph_sign",
    "Sign of the error turned in the output layer",
    formula="dW_p = Σ_t (y_t − ŷ_t) h_tᵀ",
    did="Your gradient of W_p points downhill, where a gradient points uphill.",
    next_step="Take a small step against your gradient of W_p and see whether the loss falls.",
    severity="minor",
)
def wph_sign(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(output_error=_turned))


@uva_mistake(
    "uva.wph_no_softmax",
    "Derivative of the softmax left out of the output layer",
    formula="dW_p = Σ_t (−y_t / ŷ_t) h_tᵀ",
    did="You go from ∂L/∂ŷ to W_p as if ŷ were the scores themselves; only the true class gets a gradient.",
    next_step="Raise the score of another class a little and see whether the loss changes.",
)
def wph_no_softmax(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(output_error=_without_softmax))


@uva_mistake(
    "uva.wph_h_prev",
    "State of the step before in the output layer",
    formula="dW_p = Σ_t (ŷ_t − y_t) h_{t−1}ᵀ",
    did="You pair the error of step t with h_{t−1}, while W_p multiplies h_t.",
    next_step="Set T to 1 and h_0 to zero: can W_p change the loss then, and what does your formula say?",
    severity="minor",
)
def wph_h_prev(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(output_state=1))


@uva_mistake(
    "uva.wph_yhat_only",
    "Target left out of the error in the output layer",
    formula="dW_p = Σ_t ŷ_t h_tᵀ",
    did="Your gradient of W_p does not depend on the target y_t.",
    next_step="Let ŷ_t equal y_t: which gradient should W_p have then?",
)
def wph_yhat_only(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(output_error=_probability))


@uva_mistake(
    "uva.softmax_denominator_unsquared",
    "Denominator of the softmax's derivative not squared",
    formula="∂ŷ_k/∂p_j = δ_kj ŷ_k − exp(p_k) exp(p_j) / Σ_i exp(p_i)",
    did="In your product term one of the two exponentials is not divided by the sum, so it is no product ŷ_k ŷ_j.",
    next_step="Add 1 to every score, which leaves all probabilities as they are, and compare your two results.",
)
def softmax_denominator_unsquared(case: RNNCase) -> dict[str, Tensor]:
    found = gradients_in_pieces(case, Pieces(error=_unsquared, output_error=_unsquared))
    return found | {"dy_dp": _unsquared_jacobian(rnn_run(case).p[-1])}
