"""The gated recurrent unit without its reset gate, in which many lectures introduce it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from reference.cells.roles import Role

ROLES = ("z", "n")


def simplified_gru_step(
    x: Float[Tensor, "*points B d"],
    h: Float[Tensor, "*points B n"],
    p: Mapping[str, Role],
    update: Literal["1", "2"] = "2",
) -> Float[Tensor, "*roles B n"]:
    r"""One step of a gated recurrent unit without a reset gate.

    Equations
        z  = σ(x W_xzᵀ + b_xz + h W_hzᵀ + b_hz)        update gate
        n  = tanh(x W_xnᵀ + b_xn + h W_hnᵀ + b_hn)     candidate
        h' = z ⊙ h + (1 − z) ⊙ n                       update convention 1
        h' = (1 − z) ⊙ h + z ⊙ n                       update convention 2

    Shapes      x (B, d) · h, h', z, n (B, n) · W_x* (n, d) · W_h* (n, n) · b_* (n,)
    Source      Cho et al. 2014, arXiv:1406.1078v3, section 2.3, with the reset gate fixed at 1.
    Departures  The reset gate is left out. Lectures that introduce the unit so take convention 2, which is the default
                here, and call the state c, the candidate c̃ and the update gate Γ_u.
    Numerics    σ in torch's stable form; float64.
    Oracle      reference.cells.gru_step with its reset gate held open by a bias of 1000, |Δ| ≤ 1e-12
                (tests/unit/reference/test_simplified_cell.py); convention 2 equals convention 1 with the update
                gate's parameters negated.
    Mistakes    reference/mistakes/gru_update.py: z and 1 − z that do not add up to 1. As an answer to a question about
                the whole unit this form is itself the named mistake `gru.no_reset`.
    """
    z = torch.sigmoid(p["z"](x, h))  # (B, n)
    n = torch.tanh(p["n"](x, h))  # (B, n)
    return z * h + (1 - z) * n if update == "1" else (1 - z) * h + z * n
