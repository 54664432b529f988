"""Named mistakes of the gradients of a gated recurrent unit: the reset gate's chain, and what multiplies what."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.gradients.gru_case import GRUCase
from reference.mistakes.gradients_tau_pieces import Pieces, gradients_in_pieces, tau_mistake


@tau_mistake(
    "tau.seed_e",
    "W_hg applied to h_1 in the reset gate's chain",
    formula="dr = (W_hgᵀ h_1) ⊙ dg ⊙ σ'(r_2)",
    did="You let W_hg act on h_1 and multiply entry by entry: each unit of r then gets the gradient of one unit of g.",
    next_step="For two units write g_1 and g_2 in full. In which of them does r_1 stand, and with which factors?",
)
def seed_e(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(reset=lambda W_hg, d_g, h_prev: (W_hg.mT @ h_prev) * d_g))


@tau_mistake(
    "tau.hg_T",
    "W_hg transposed once too often",
    formula="dr = (W_hgᵀ dg) ⊙ h_1 ⊙ σ'(r_2)",
    did="You go back through the candidate with W_hgᵀ, which is what goes forward in the question.",
    next_step="For two units write g_1 = tanh(Σ_q (W_hg)_q1 r_q h_q + …): which entries does ∂ε/∂r_1 collect?",
    severity="minor",
)
def hg_transposed(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(reset=lambda W_hg, d_g, h_prev: (W_hg.mT @ d_g) * h_prev))


@tau_mistake(
    "tau.no_hg",
    "W_hg left out of the reset gate's chain",
    formula="dr = dg ⊙ h_1 ⊙ σ'(r_2)",
    did="Your gradient of the reset gate does not contain W_hg, through which alone r reaches the candidate.",
    next_step="Set W_hg to zero in the forward lines: does r still change h_2?",
)
def no_hg(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(reset=lambda W_hg, d_g, h_prev: d_g * h_prev))


@tau_mistake(
    "tau.no_h1",
    "h_1 left out of the reset gate's chain",
    formula="dr = (W_hg dg) ⊙ σ'(r_2)",
    did="Your gradient of the reset gate does not contain h_1, which is what r multiplies.",
    next_step="Set h_1 to zero in the forward lines: does r still change h_2?",
)
def no_h1(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(reset=lambda W_hg, d_g, h_prev: W_hg @ d_g))


@tau_mistake(
    "tau.no_r",
    "Reset gate left out of the gradient of W_hg",
    formula="dW_hg = h_1 dgᵀ",
    did="You pair dg with h_1, while W_hg multiplies r_2 ⊙ h_1.",
    next_step="Set r to zero in the forward lines: can W_hg change h_2 then, and what does your formula say?",
    severity="minor",
)
def no_r(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(gate=lambda s: torch.ones_like(s.r)))


@tau_mistake(
    "tau.h2",
    "h_2 in the place of h_1",
    formula="dW_hz = h_2 dzᵀ,  dW_hg = (r_2 ⊙ h_2) dgᵀ,  dW_hr = h_2 drᵀ",
    did="You pair the gradients with h_2, while the recurrent weights multiply h_1 at the second step.",
    next_step="Look up in the forward lines which state stands beside W_hz when z_2 is computed.",
    severity="minor",
)
def h2(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(state=lambda s: s.h))


@tau_mistake(
    "tau.x1",
    "x_1 in the place of x_2",
    formula="dW_xz = x_1 dzᵀ,  dW_xg = x_1 dgᵀ,  dW_xr = x_1 drᵀ",
    did="You pair the gradients of the second step with the input of the first.",
    next_step="Look up in the forward lines which input stands beside W_xz when z_2 is computed.",
    severity="minor",
)
def x1(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(), x_of_second="x_1")


@tau_mistake(
    "tau.outer_transposed",
    "Outer products the other way round",
    formula="dW = d (what W multiplies)ᵀ",
    did="Your gradients come out transposed: their rows stand where the columns of the weights are.",
    next_step="Compare the shape of your gradient of W_xz with that of W_xz, for n different from d.",
    severity="minor",
)
def outer_transposed(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(product=lambda multiplied, d: torch.outer(d, multiplied)))


def _entry_by_entry(multiplied: Tensor, d: Tensor) -> Tensor | None:
    return multiplied * d if len(multiplied) == len(d) else None


@tau_mistake(
    "tau.no_outer_product",
    "Entry by entry in the place of an outer product",
    formula="dW = (what W multiplies) ⊙ d",
    did="You multiply two vectors entry by entry, which gives a vector; a matrix has a gradient for each entry.",
    next_step="Write down the shape of each factor and of the weight, for n = 4 and d = 3.",
)
def no_outer_product(case: GRUCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(product=_entry_by_entry))
