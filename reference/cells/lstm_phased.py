"""The phased LSTM: an ordinary cell whose result counts as far as a time gate is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from reference.cells.roles import Role

ROLES = ("i", "f", "g", "o")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasedForm:
    """Which reading of the two blends is meant."""

    proposal: Literal["proposed", "blended"] = "proposed"
    """The proposed hidden state is read from the proposed cell c̃, or from the blended cell c'."""


PAPER_FORM = PhasedForm()


def phased_lstm_step(
    x: Float[Tensor, "*points B d"],
    h: Float[Tensor, "*points B n"],
    c: Float[Tensor, "*points B n"],
    p: Mapping[str, Role],
    k: Float[Tensor, "*gates n"],
    form: PhasedForm = PAPER_FORM,
) -> tuple[Float[Tensor, "*roles B n"], Float[Tensor, "*roles B n"]]:
    r"""One step of a phased LSTM whose time gate is open by k; `reference.cells.time_gate` gives k.

    Equations
        i  = σ(x W_xiᵀ + b_xi + h W_hiᵀ + b_hi)      input gate
        f  = σ(x W_xfᵀ + b_xf + h W_hfᵀ + b_hf)      forget gate
        g  = tanh(x W_xgᵀ + b_xg + h W_hgᵀ + b_hg)   candidate
        o  = σ(x W_xoᵀ + b_xo + h W_hoᵀ + b_ho)      output gate
        c̃  = f ⊙ c + i ⊙ g                           proposed cell
        c' = k ⊙ c̃ + (1 − k) ⊙ c                     first blend
        h̃  = o ⊙ tanh(c̃)                             proposed hidden state, read from the proposed cell
        h̃  = o ⊙ tanh(c')                            proposed hidden state, read from the blended cell
        h' = k ⊙ h̃ + (1 − k) ⊙ h                     second blend

    With k = 1 this is an ordinary step; with k = 0 both states are copied, and so are their gradients.

    Shapes      x (B, d) · h, h', h̃, c, c', c̃, i, f, g, o (B, n) · k (n,) or (B, n) · W_x* (n, d) ·
                W_h* (n, n) · b_* (n,)
    Source      Neil, Pfeiffer and Liu 2016, arXiv:1610.09513v1, section 2, equations 7 to 10, for the form that reads
                the proposed cell. The other form is that of texts which print the two blends only.
    Departures  No peepholes, which the paper's gates have; two biases a gate, as torch.nn.LSTMCell has.
    Numerics    σ in torch's stable form; float64.
    Oracle      torch.nn.LSTMCell at k = 1 and a copy at k = 0, |Δ| ≤ 1e-12; in between the blend of the two for the
                paper's form (tests/unit/reference/test_phased_cell.py).
    Mistakes    reference/mistakes/phased_lstm.py: k and 1 − k exchanged, one of the blends left out, the held part
                left out, the states exchanged in the blends.
    """
    i, f, o = (torch.sigmoid(p[role](x, h)) for role in ("i", "f", "o"))  # (B, n) each
    g = torch.tanh(p["g"](x, h))  # (B, n)
    c_proposed = f * c + i * g
    c_new = k * c_proposed + (1 - k) * c
    h_proposed = o * torch.tanh(c_proposed if form.proposal == "proposed" else c_new)
    return k * h_proposed + (1 - k) * h, c_new
