"""A test of draws against a distribution that holds for every seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

Counts = Int[Tensor, " outcomes"]
Probabilities = Float[Tensor, " outcomes"]

SMALLEST_EXPECTED = 5.0
"""Expected counts below this are pooled: the approximation by a chi-square distribution needs about five."""
LEAST_P = 1e-4
"""Right draws fail once in ten thousand tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChiSquare:
    """The outcome of a test."""

    statistic: float
    degrees: int
    """Degrees of freedom; 0 if there is one pooled outcome only."""
    p: float
    """Probability of draws that lie at least so far from the distribution, if they follow it."""


def chi_square(counts: Counts, probabilities: Probabilities) -> ChiSquare:
    r"""Pearson's test of counts against probabilities.

    Equations
        E_i = N p_i
        X²  = Σ_i (O_i − E_i)² / E_i
        p   = Q((k − 1)/2, X²/2)      Q the regularised upper incomplete gamma function, k outcomes after pooling

    Shapes      counts O (outcomes,) · probabilities p (outcomes,), sum 1 · N the sum of the counts
    Source      Pearson 1900, Philosophical Magazine 50; for Q: Abramowitz and Stegun 1964, 26.4.19.
    Departures  Outcomes with E_i < 5 are pooled into one, the rarest first; a count where p_i is 0 gives p = 0.
    Numerics    Q from torch.special.gammaincc in float64, good for p far below 1e-4.
    Oracle      Closed forms: exp(−X²/2) for 2 degrees, erfc(√(X²/2)) for 1, |Δ| ≤ 1e-12
                (tests/unit/reference/test_sampling.py).
    Mistakes    none: no question asks for it; it judges samples.

    Raises:
        ValueError: if there is no draw, the probabilities do not sum to 1, or there are more of one than of the other.
    """
    expected, observed = _expected(counts, probabilities), counts.to(torch.float64)
    if bool((observed[expected == 0] > 0).any()):
        return ChiSquare(statistic=float("inf"), degrees=len(counts) - 1, p=0.0)
    observed, expected = _pooled(observed[expected > 0], expected[expected > 0])
    degrees = len(expected) - 1
    statistic = ((observed - expected) ** 2 / expected).sum()
    if degrees == 0:
        return ChiSquare(statistic=0.0, degrees=0, p=1.0)
    p = torch.special.gammaincc(torch.tensor(degrees / 2, dtype=torch.float64), statistic / 2)
    return ChiSquare(statistic=float(statistic), degrees=degrees, p=float(p))


def draws_follow(draws: Sequence[int], probabilities: Probabilities, least_p: float = LEAST_P) -> bool:
    """True if draws are compatible with a distribution: the p of their chi-square test is above `least_p`.

    Raises:
        ValueError: if there is no draw, or one is no index of the distribution.
    """
    if not draws or not all(0 <= index < len(probabilities) for index in draws):
        raise ValueError(f"draws has {len(draws)} values; wanted some, each from 0 to {len(probabilities) - 1}")
    counts = torch.bincount(torch.tensor(draws, dtype=torch.int64), minlength=len(probabilities))
    return chi_square(counts, probabilities).p > least_p


def _expected(counts: Counts, probabilities: Probabilities) -> Tensor:
    p = probabilities.to(torch.float64)
    if p.shape != counts.shape:
        raise ValueError(f"counts has {len(counts)} values; wanted {len(p)}, one for each probability")
    if bool((p < 0).any()) or abs(float(p.sum()) - 1) > 1e-6:
        raise ValueError(f"probabilities sum to {float(p.sum()):g}; wanted 1, and none negative")
    if bool((counts < 0).any()) or not int(counts.sum()):
        raise ValueError(f"counts sum to {int(counts.sum())}; wanted at least one draw, and none negative")
    return p / p.sum() * int(counts.sum())


def _pooled(observed: Tensor, expected: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the rarest outcomes joined until every expected count is large enough, or one outcome is left."""
    order = expected.argsort()
    observed, expected = observed[order], expected[order]
    joined = 1
    while joined < len(expected) and float(expected[:joined].sum()) < SMALLEST_EXPECTED:
        joined += 1
    parts = [observed[:joined].sum()[None], observed[joined:]], [expected[:joined].sum()[None], expected[joined:]]
    return torch.cat(parts[0]), torch.cat(parts[1])
