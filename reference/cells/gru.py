"""The gated recurrent unit in its four published forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from reference.cells.roles import Role

ROLES = ("r", "z", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class GRUForm:
    """Which of the published forms is meant."""

    reset: Literal["after", "before"] = "after"
    """The reset gate multiplies after or before the product with W_hn."""
    update: Literal["1", "2"] = "1"
    """1: the update gate weights the old state; 2: it weights the candidate."""


TORCH_FORM = GRUForm()


def gru_step(
    x: Float[Tensor, "*points B d"], h: Float[Tensor, "*points B n"], p: Mapping[str, Role], form: GRUForm = TORCH_FORM
) -> Float[Tensor, "*roles B n"]:
    r"""One step of a gated recurrent unit.

    Equations
        r  = σ(x W_xrᵀ + b_xr + h W_hrᵀ + b_hr)                 reset gate
        z  = σ(x W_xzᵀ + b_xz + h W_hzᵀ + b_hz)                 update gate
        n  = tanh(x W_xnᵀ + b_xn + r ⊙ (h W_hnᵀ + b_hn))        candidate, reset after the product
        n  = tanh(x W_xnᵀ + b_xn + (r ⊙ h) W_hnᵀ + b_hn)        candidate, reset before the product
        h' = z ⊙ h + (1 − z) ⊙ n                                update convention 1
        h' = (1 − z) ⊙ h + z ⊙ n                                update convention 2

    Shapes      x (B, d) · h, h', r, z, n (B, n) · W_x* (n, d) · W_h* (n, n) · b_* (n,)
    Source      Cho et al. 2014, arXiv:1406.1078v3, section 2.3, equations 5 to 8 (reset before the product, update
                convention 1). Version 1 of the same paper has the reset after the product, and so have torch.nn.GRU
                and cuDNN. Convention 2 is that of Chung et al. 2014, arXiv:1412.3555v1, section 3.2.
    Departures  Biases are added, which the paper leaves out.
    Numerics    σ in torch's stable form; float64.
    Oracle      torch.nn.GRUCell for the form after/1, |Δ| ≤ 1e-12 (tests/unit/reference/test_reference_cells.py);
                convention 2 equals convention 1 with the update gate's parameters negated.
    Mistakes    reference/mistakes/gru_*.py: the reset gate unused or misplaced, z and 1 − z that do not add up to 1.
    """
    r, z = (torch.sigmoid(p[role](x, h)) for role in ("r", "z"))  # (B, n) each
    recurrent = r * p["n"].of_state(h) if form.reset == "after" else p["n"].of_state(r * h)  # (B, n)
    n = torch.tanh(p["n"].of_input(x) + recurrent)
    return z * h + (1 - z) * n if form.update == "1" else (1 - z) * h + z * n
