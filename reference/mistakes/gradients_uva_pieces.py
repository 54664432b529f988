"""Backpropagation through time in pieces, so that each named mistake of the family `uva` can replace one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from reference.gradients.rnn_bptt import softmax_jacobian
from reference.gradients.rnn_case import RNNCase, RNNRun, ScoreError, rnn_run
from reference.mistakes.catalogue import function_mistake

uva_mistake = partial(function_mistake, of="gradients.rnn_bptt.rnn_gradients")


def right_slope(h: Tensor) -> Tensor:
    """1 − h²."""
    return 1 - h**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What the formula is made of; each piece is right unless it is replaced."""

    error: ScoreError | None = None
    """∂L(t)/∂p_t on its way into the recurrent chain; None for that of the case."""
    output_error: ScoreError | None = None
    """The same on its way into the gradients of the output layer."""
    output_state: int = 0
    """The output layer's gradient pairs the error with h of this many steps before."""
    slope: Callable[[Tensor], Tensor] = right_slope
    """tanh' at step k, from h_k."""
    carry: Callable[[Tensor], Tensor] = lambda W_h: W_h.mT
    """What takes the gradient from l_{k+1} to h_k."""
    source: int = 1
    """dW_h pairs d_l(k) with h of this many steps before."""
    window: int | None = None
    """How many steps back each loss is followed; None for all."""
    paths: Callable[[Pieces, RNNCase, RNNRun, Tensor, int], dict[int, Tensor]] | None = None
    """How the gradient of L(t) spreads over the steps, where that is not as in `paths_back`."""


def paths_back(pieces: Pieces, case: RNNCase, run: RNNRun, d_h: Tensor, t: int) -> dict[int, Tensor]:
    """Step k -> d_l(k), for the loss of step t alone; `d_h` is what this loss asks of h_t."""
    found = {}
    last = 0 if pieces.window is None else max(0, t - pieces.window)
    for k in range(t, last, -1):
        found[k] = d_h * pieces.slope(run.h[k])
        d_h = pieces.carry(case.W_h) @ found[k]
    return found


def jacobian(case: RNNCase, run: RNNRun, k: int) -> Tensor:
    """∂h_k/∂h_{k−1}."""
    return (1 - run.h[k] ** 2)[:, None] * case.W_h


def gradients_in_pieces(case: RNNCase, pieces: Pieces) -> dict[str, Tensor]:
    """The sum over losses t and steps k ≤ t, which equals `rnn_gradients` while all pieces are right."""
    run = rnn_run(case)
    weights = {"dW_p": case.W_p, "db_p": case.b_p, "dW_h": case.W_h, "dW_x": case.W_x, "db_h": case.b_h}
    found = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    found["dy_dp"] = softmax_jacobian(run.y_hat[-1])
    for t in range(case.steps if case.loss == "last" else 1, case.steps + 1):
        p, y = run.p[t - 1], case.y[t - 1]
        d_out = (pieces.output_error or case.score_error)(p, y)
        found["dW_p"] += torch.outer(d_out, run.h[t - pieces.output_state])
        found["db_p"] += d_out
        d_h = case.W_p.mT @ (pieces.error or case.score_error)(p, y)
        for k, d_l in (pieces.paths or paths_back)(pieces, case, run, d_h, t).items():
            found["dW_h"] += torch.outer(d_l, run.h[k - pieces.source])
            found["dW_x"] += torch.outer(d_l, case.x[k - 1])
            found["db_h"] += d_l
    return found
