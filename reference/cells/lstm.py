"""The long short-term memory cell."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from reference.cells.roles import Role

ROLES = ("i", "f", "g", "o")


def lstm_step(
    x: Float[Tensor, "*points B d"],
    h: Float[Tensor, "*points B n"],
    c: Float[Tensor, "*points B n"],
    p: Mapping[str, Role],
) -> tuple[Float[Tensor, "*roles B n"], Float[Tensor, "*roles B n"]]:
    r"""One step of a long short-term memory cell with a forget gate.

    Equations
        i  = σ(x W_xiᵀ + b_xi + h W_hiᵀ + b_hi)      input gate
        f  = σ(x W_xfᵀ + b_xf + h W_hfᵀ + b_hf)      forget gate
        g  = tanh(x W_xgᵀ + b_xg + h W_hgᵀ + b_hg)   candidate
        o  = σ(x W_xoᵀ + b_xo + h W_hoᵀ + b_ho)      output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ tanh(c')

    Shapes      x (B, d) · h, h', c, c', i, f, g, o (B, n) · W_x* (n, d) · W_h* (n, n) · b_* (n,)
    Source      Hochreiter and Schmidhuber 1997, "Long short-term memory", Neural Computation 9(8), for the cell;
                Gers, Schmidhuber and Cummins 2000, "Learning to forget: continual prediction with LSTM", Neural
                Computation 12(10), for the forget gate; in this notation Graves 2013, arXiv:1308.0850v5, section 2.1,
                equations 7 to 11.
    Departures  No peepholes, which Graves has; two biases a gate, as torch.nn.LSTMCell has. The papers of 1997 and 2000
                squash candidate and output by scaled sigmoids in place of tanh.
    Numerics    σ in torch's stable form; float64.
    Oracle      torch.nn.LSTMCell, |Δ| ≤ 1e-12 (tests/unit/reference/test_reference_cells.py).
    Mistakes    reference/mistakes/lstm_*.py: forget gate inverted, no tanh on the output, h and c exchanged.
    """
    i, f, o = (torch.sigmoid(p[role](x, h)) for role in ("i", "f", "o"))  # (B, n) each
    g = torch.tanh(p["g"](x, h))  # (B, n)
    c_new = f * c + i * g
    return o * torch.tanh(c_new), c_new
