"""The long short-term memory cell whose gates look at the cell state through peepholes."""

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
class Peepholes:
    """Diagonal maps from the cell state to the gates: one weight for each hidden unit."""

    p_i: Float[Tensor, " n"]
    """(n,)"""
    p_f: Float[Tensor, " n"]
    """(n,)"""
    p_o: Float[Tensor, " n"]
    """(n,)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeepholeForm:
    """Which of the published forms is meant."""

    output: Literal["new", "old"] = "new"
    """The output gate looks at the new cell, or, as all gates do in some lecture notes, at the old one."""


GERS_FORM = PeepholeForm()


def lstm_peephole_step(
    x: Float[Tensor, "*points B d"],
    h: Float[Tensor, "*points B n"],
    c: Float[Tensor, "*points B n"],
    p: Mapping[str, Role],
    peepholes: Peepholes,
    form: PeepholeForm = GERS_FORM,
) -> tuple[Float[Tensor, "*roles B n"], Float[Tensor, "*roles B n"]]:
    r"""One step of a long short-term memory cell with peepholes.

    Equations
        i  = σ(x W_xiᵀ + b_xi + h W_hiᵀ + b_hi + p_i ⊙ c)      input gate
        f  = σ(x W_xfᵀ + b_xf + h W_hfᵀ + b_hf + p_f ⊙ c)      forget gate
        g  = tanh(x W_xgᵀ + b_xg + h W_hgᵀ + b_hg)             candidate, without a peephole
        c' = f ⊙ c + i ⊙ g
        o  = σ(x W_xoᵀ + b_xo + h W_hoᵀ + b_ho + p_o ⊙ c')     output gate, sees the new cell
        o  = σ(x W_xoᵀ + b_xo + h W_hoᵀ + b_ho + p_o ⊙ c)      output gate, sees the old cell
        h' = o ⊙ tanh(c')

    Shapes      x (B, d) · h, h', c, c', i, f, g, o (B, n) · W_x* (n, d) · W_h* (n, n) · b_*, p_* (n,)
    Source      Gers and Schmidhuber 2000, "Recurrent nets that time and count", IJCNN 2000; in this notation Graves
                2013, arXiv:1308.0850v5, section 2.1, equations 7 to 11. The form with the old cell in every gate is
                that of lecture notes which say "the old cell is added to every gate".
    Departures  Two biases a gate, as torch.nn.LSTMCell has; the peepholes are vectors, which the paper calls diagonal
                matrices.
    Numerics    σ in torch's stable form; float64.
    Oracle      torch.nn.LSTMCell where all peepholes are 0, |Δ| ≤ 1e-12; numbers worked by hand and finite differences
                for the peepholes (tests/unit/reference/test_peephole_cell.py).
    Mistakes    reference/mistakes/lstm_peepholes.py: a gate without its peephole, a peephole on the candidate, the
                hidden state in place of the cell.
    """
    i = torch.sigmoid(p["i"](x, h) + peepholes.p_i * c)  # (B, n)
    f = torch.sigmoid(p["f"](x, h) + peepholes.p_f * c)  # (B, n)
    g = torch.tanh(p["g"](x, h))  # (B, n)
    c_new = f * c + i * g
    o = torch.sigmoid(p["o"](x, h) + peepholes.p_o * (c_new if form.output == "new" else c))  # (B, n)
    return o * torch.tanh(c_new), c_new
