"""The time gate against a definition by corner points, derivatives worked by hand, and its mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from helpers.observations import F64
from torch import Tensor

from reference.cells import phase, time_gate

CASES = [
    pytest.param(4.0, 1.0, 0.3, id="slow"),
    pytest.param(4.0, 1.0, 0.6, id="wide"),
    pytest.param(0.7, -2.3, 0.05, id="quick-narrow-early"),
    pytest.param(3.0, 11.0, 1.0, id="always-open"),
]


def number(value: float) -> Tensor:
    return torch.tensor(value, dtype=F64)


def by_corners(t: np.ndarray, tau: float, s: float, r_on: float, alpha: float) -> np.ndarray:
    """Straight lines between the corners of every period, and the leak between the end of one and the next start."""
    first, last = np.floor((t.min() - s) / tau), np.ceil((t.max() - s) / tau)
    starts = s + tau * np.arange(first, last + 1)
    corners = np.stack([starts, starts + r_on * tau / 2, starts + r_on * tau], axis=1).ravel()
    triangle = np.interp(t, corners, np.tile([0.0, 1.0, 0.0], len(starts)))
    since = np.array([time - max(start for start in starts if start <= time) for time in t])
    return np.where(since < r_on * tau, triangle, alpha * since / tau)


def grid(tau: float, s: float) -> np.ndarray:
    """Times over five periods, none of them a corner."""
    return np.linspace(s - 2 * tau, s + 3 * tau, 20_000) + tau * 1.234e-5


@pytest.mark.parametrize("alpha", [0.0, 0.001, 0.1])
@pytest.mark.parametrize(("tau", "s", "r_on"), CASES)
def test_it_agrees_with_straight_lines_between_corner_points(tau: float, s: float, r_on: float, alpha: float) -> None:
    t = grid(tau, s)
    found = time_gate(torch.from_numpy(t), number(tau), number(s), number(r_on), alpha)
    assert np.abs(found.numpy() - by_corners(t, tau, s, r_on, alpha)).max() <= 1e-9


@pytest.mark.parametrize(("tau", "s", "r_on"), CASES)
def test_the_phase_is_what_pythons_own_remainder_gives(tau: float, s: float, r_on: float) -> None:
    t = grid(tau, s)
    found = phase(torch.from_numpy(t), number(tau), number(s))
    assert np.abs(found.numpy() - [((float(time) - s) % tau) / tau for time in t]).max() <= 1e-12
    assert 0 <= float(found.min()) <= float(found.max()) < 1


@pytest.mark.parametrize(("tau", "s", "r_on"), CASES)
def test_it_is_open_for_its_share_of_the_period_and_half_of_that_on_average(tau: float, s: float, r_on: float) -> None:
    t = s + tau * (torch.arange(100_000, dtype=F64) + 0.5) / 100_000
    k = time_gate(t, number(tau), number(s), number(r_on))
    assert float((k > 0).to(F64).mean()) == pytest.approx(r_on, abs=1e-4)
    assert float(k.mean()) == pytest.approx(r_on / 2, abs=1e-6)
    assert float(t[k.argmax()]) == pytest.approx(s + r_on * tau / 2, abs=1e-4 * tau)
    assert float(k.max()) == pytest.approx(1.0, abs=1e-3)


def test_its_derivatives_are_those_worked_by_hand() -> None:
    # φ = 0.9 / 4 lies in the closing part: k = 2 − 2 (t − s) / (τ r_on) = 0.5
    # dk/dτ = 2 (t − s) / (τ² r_on) = 0.375 · dk/ds = 2 / (τ r_on) = 1.667 · dk/dr_on = 2 (t − s) / (τ r_on²) = 5
    learned = [number(value).requires_grad_() for value in (4.0, 1.0, 0.3)]
    k = time_gate(number(1.9), *learned)
    found = [float(value) for value in torch.autograd.grad(k, learned)]
    assert float(k.detach()) == pytest.approx(0.5, abs=1e-12)
    assert found == pytest.approx([0.375, 5 / 3, 5.0], abs=1e-12)


def test_in_a_later_period_the_derivative_with_respect_to_the_period_counts_the_periods() -> None:
    # φ = (9.9 − 1 − 2 · 4) / 4: two whole periods have passed, and each adds 2 / (τ r_on) to dk/dτ
    tau = number(4.0).requires_grad_()
    k = time_gate(number(9.9), tau, number(1.0), number(0.3))
    assert float(k.detach()) == pytest.approx(0.5, abs=1e-12)
    assert float(torch.autograd.grad(k, tau)[0]) == pytest.approx(0.375 + 2 * 2 / 1.2, abs=1e-12)


def test_every_unit_has_its_own_rhythm() -> None:
    t = torch.tensor([[0.3], [1.9]], dtype=F64)
    tau, s, r_on = (torch.tensor(values, dtype=F64) for values in ([4.0, 2.0, 1.0], [1.0, 0.0, 0.2], [0.3, 0.5, 0.9]))
    k = time_gate(t, tau, s, r_on)
    assert k.shape == (2, 3)
    assert float(k[1, 0]) == pytest.approx(0.5)
    assert float(k[0, 1]) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("tau", "r_on", "alpha", "word"),
    [(0.0, 0.3, 0.0, "tau"), (4.0, 0.0, 0.0, "r_on"), (4.0, 1.2, 0.0, "r_on"), (4.0, 0.3, -0.1, "alpha")],
)
def test_rhythms_that_do_not_exist_are_refused(tau: float, r_on: float, alpha: float, word: str) -> None:
    with pytest.raises(ValueError, match=f"{word} must"):
        time_gate(number(1.0), number(tau), number(0.0), number(r_on), alpha)
