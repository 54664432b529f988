"""Named mistakes of the gradient of a plain recurrent network: the recursion and the product of Jacobians."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.gradients.rnn_case import RNNCase, RNNRun
from reference.mistakes.gradients_uva_pieces import Pieces, gradients_in_pieces, jacobian, paths_back, uva_mistake


@uva_mistake(
    "uva.recursion_without_direct_term",
    "Recursion without what the weight does directly",
    formula="∂h_t/∂W_ij = (1 − h_t²) ⊙ W_h ∂h_{t−1}/∂W_ij",
    did="Your recursion has no term for what the weight does at step t itself: from ∂h_0/∂W = 0 it stays 0 for ever.",
    next_step="Start your recursion with ∂h_0/∂W = 0 and compute its first two steps by hand.",
)
def recursion_without_direct_term(case: RNNCase) -> dict[str, Tensor]:
    found = gradients_in_pieces(case, Pieces())
    return found | {name: torch.zeros_like(found[name]) for name in ("dW_h", "dW_x", "db_h")}


def _longest_only(pieces: Pieces, case: RNNCase, run: RNNRun, d_h: Tensor, t: int) -> dict[int, Tensor]:
    return {1: paths_back(pieces, case, run, d_h, t)[1]}


@uva_mistake(
    "uva.one_path_only",
    "One product of Jacobians in the place of a sum over paths",
    formula="dL(t)/dW_h = the term k = 1 of the sum over k ≤ t",
    did="You keep the one path that leads through all steps; W_h also acts at each step on the way.",
    next_step="For T = 2 write h_2 in full and mark every W_h in it. How many products does the chain rule give?",
)
def one_path_only(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(paths=_longest_only))


def _same_factor(pieces: Pieces, case: RNNCase, run: RNNRun, d_h: Tensor, t: int) -> dict[int, Tensor]:
    found = {}
    for k in range(t, 0, -1):
        found[k] = d_h * pieces.slope(run.h[k])
        d_h = jacobian(case, run, t).mT @ d_h
    return found


@uva_mistake(
    "uva.same_factor_each_step",
    "The last Jacobian in the place of each of them",
    formula="∂h_t/∂h_k = (∂h_t/∂h_{t−1})^{t−k}",
    did="You use the Jacobian of the last step for every step back, though each step has a slope of its own.",
    next_step="Write the product for T = 3 without the product sign, and look at the index of each factor.",
)
def same_factor_each_step(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(paths=_same_factor))


def _one_factor_more(pieces: Pieces, case: RNNCase, run: RNNRun, d_h: Tensor, t: int) -> dict[int, Tensor]:
    found = paths_back(pieces, case, run, d_h, t)
    return {k: (case.W_h.mT @ d_l) * pieces.slope(run.h[k]) for k, d_l in found.items()}


@uva_mistake(
    "uva.one_factor_too_many",
    "Product of Jacobians that starts one step too early",
    formula="∂h_t/∂h_k = Π_{j=k}^{t} ∂h_j/∂h_{j−1}",
    did="Your product has a factor more than there are steps between h_k and h_t.",
    next_step="Take k = t: how does h_t depend on h_t, and what does your product give?",
    severity="minor",
)
def one_factor_too_many(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(paths=_one_factor_more))


def _product_then_recursion(pieces: Pieces, case: RNNCase, run: RNNRun, d_h: Tensor, t: int) -> dict[int, Tensor]:
    for j in range(t, 1, -1):
        d_h = jacobian(case, run, j).mT @ d_h
    return paths_back(pieces, case, run, d_h, t)


@uva_mistake(
    "uva.product_times_recursion",
    "Product of Jacobians and recursion multiplied",
    formula="dL(t)/dW_h = d_p W_p (Π_{j=2}^{t} ∂h_j/∂h_{j−1}) ∂h_t/∂W_h",
    did="You multiply the product of Jacobians with a recursion that contains it already, so time is counted twice.",
    next_step="For T = 2 expand your recursion once and count how often ∂h_2/∂h_1 stands in your result.",
)
def product_times_recursion(case: RNNCase) -> dict[str, Tensor]:
    return gradients_in_pieces(case, Pieces(paths=_product_then_recursion))
