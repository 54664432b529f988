"""Softmax with a temperature, in both conventions."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

Scores = Float[Tensor, "*batch classes"]
Probabilities = Float[Tensor, "*batch classes"]


def softmax_at_beta(x: Scores, beta: float) -> Probabilities:
    r"""Softmax of scores that are multiplied by an inverse temperature.

    Equations
        p_i = exp(β x_i) / Σ_j exp(β x_j)

    Shapes      x, p (..., classes) · β a number; each row of p sums to 1
    Source      Graves 2013, arXiv:1308.0850v5, section 5.4, for a bias that sharpens samples; with β = 1/T it is
                the Boltzmann distribution.
    Departures  none
    Numerics    The largest β x_j is subtracted before exp (torch's softmax), so no exponential overflows.
    Oracle      p^β / Σ p^β with p = softmax(x), |Δ| ≤ 1e-12 (tests/unit/reference/test_language_temperature.py).
    Mistakes    reference/mistakes/language_temperature.py: β where 1/β is meant, softmax taken twice, argmax, β unused.

    Raises:
        ValueError: if β is negative.
    """
    if not beta >= 0:
        raise ValueError(f"beta is {beta}; wanted a number that is not negative")
    return (beta * x).softmax(dim=-1)


def softmax_at_temperature(x: Scores, T: float) -> Probabilities:
    r"""Softmax of scores that are divided by a temperature.

    Equations
        p_i = exp(x_i / T) / Σ_j exp(x_j / T)

    Shapes      x, p (..., classes) · T a number; each row of p sums to 1
    Source      Hinton, Vinyals and Dean 2015, arXiv:1503.02531v1, section 2, eq. 1.
    Departures  none
    Numerics    As softmax_at_beta with β = 1/T. T below 1 sharpens, T above 1 flattens; T = 0 has no value here.
    Oracle      p^(1/T) / Σ p^(1/T) with p = softmax(x), |Δ| ≤ 1e-12
                (tests/unit/reference/test_language_temperature.py).
    Mistakes    reference/mistakes/language_temperature.py: multiplied by T, softmax taken twice, argmax, T unused.

    Raises:
        ValueError: if T is not positive.
    """
    if not T > 0:
        raise ValueError(f"T is {T}; wanted a positive number")
    return softmax_at_beta(x, 1 / T)


def sharpened(p: Probabilities, T: float) -> Probabilities:
    r"""Probabilities that are already there, brought to another temperature.

    Equations
        q_i = p_i^(1/T) / Σ_j p_j^(1/T)

    Shapes      p, q (..., classes) · T a number; each row of q sums to 1
    Source      Follows from softmax: log p_i = x_i − constant, and constants cancel. No paper is needed.
    Departures  none
    Numerics    Computed as softmax(log p / T): a p_i of 0 becomes exp(−∞) = 0, without a logarithm of a sum of zeros.
    Oracle      softmax_at_temperature of the scores, |Δ| ≤ 1e-12 (tests/unit/reference/test_language_temperature.py).
    Mistakes    reference/mistakes/language_temperature.py: a softmax of the probabilities instead of their powers.

    Raises:
        ValueError: if T is not positive.
    """
    return softmax_at_temperature(p.log(), T)
