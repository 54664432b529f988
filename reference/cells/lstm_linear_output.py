"""The long short-term memory cell that reads its cell state out without tanh."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from reference.cells.roles import Role

ROLES = ("i", "f", "g", "o")


def lstm_linear_output_step(
    x: Float[Tensor, "*points B d"],
    h: Float[Tensor, "*points B n"],
    c: Float[Tensor, "*points B n"],
    p: Mapping[str, Role],
) -> tuple[Float[Tensor, "*roles B n"], Float[Tensor, "*roles B n"]]:
    r"""One step of a long short-term memory cell without the tanh on its output.

    A few quizzes print the cell in this form. It is right only where the question prints it: everywhere else the
    missing tanh is the named mistake `lstm.no_output_tanh`.

    Equations
        i  = σ(x W_xiᵀ + b_xi + h W_hiᵀ + b_hi)      input gate
        f  = σ(x W_xfᵀ + b_xf + h W_hfᵀ + b_hf)      forget gate
        g  = tanh(x W_xgᵀ + b_xg + h W_hgᵀ + b_hg)   candidate
        o  = σ(x W_xoᵀ + b_xo + h W_hoᵀ + b_ho)      output gate
        c' = f ⊙ c + i ⊙ g
        h' = o ⊙ c'

    Shapes      x (B, d) · h, h', c, c', i, f, g, o (B, n) · W_x* (n, d) · W_h* (n, n) · b_* (n,)
    Source      Greff et al. 2015, "LSTM: a search space odyssey", arXiv:1503.04069v2, the variant NOAF (no output
                activation function).
    Departures  No peepholes, which the paper's variants have; two biases a gate, as torch.nn.LSTMCell has.
    Numerics    σ in torch's stable form; float64; h' is not bounded by 1.
    Oracle      torch.nn.LSTMCell with its output undone, h' = h'_torch · c' / tanh(c'), |Δ| ≤ 1e-12
                (tests/unit/reference/test_peephole_cell.py).
    Mistakes    reference/mistakes/lstm_*.py; of these `lstm.no_output_tanh` is this form itself.
    """
    i, f, o = (torch.sigmoid(p[role](x, h)) for role in ("i", "f", "o"))  # (B, n) each
    g = torch.tanh(p["g"](x, h))  # (B, n)
    c_new = f * c + i * g
    return o * c_new, c_new
