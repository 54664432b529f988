"""Draws are what both sides of the wall compute: they may never change."""

from __future__ import annotations

import pytest
import torch

from grader.draws import draw, draw_all, draw_integers, parameter_name, parameter_scale


def test_a_draw_depends_on_seed_name_and_shape_alone() -> None:
    first = draw("seed", "x", (3, 5))
    torch.manual_seed(1)
    assert torch.equal(first, draw("seed", "x", (3, 5)))
    assert not torch.equal(first, draw("seed", "y", (3, 5)))
    assert not torch.equal(first, draw("other", "x", (3, 5)))
    assert not torch.equal(first.reshape(-1), draw("seed", "x", (15,)))


def test_a_draw_never_changes_between_versions() -> None:
    expected = torch.tensor([1.2828909015922814, -0.4015391987545531], dtype=torch.float64)
    assert torch.equal(draw("seed", "x", (2,)), expected)


def test_a_draw_has_zero_mean_unit_variance_and_is_bounded() -> None:
    values = draw("seed", "large", (200, 500), scale=2.0)
    assert values.dtype == torch.float64
    assert abs(values.mean().item()) < 0.02
    assert abs(values.std().item() - 2.0) < 0.02
    assert values.abs().max().item() <= 2.0 * 3**0.5


def test_many_draws_at_once_are_those_of_each_alone() -> None:
    wanted = [("x", (3, 5), 0.3), ("nothing", (0, 2), 1.0), ("one", (), 2.0), ("y", (7,), 1.0)]

    found = draw_all("seed", wanted)

    assert [value.shape for value in found] == [shape for _, shape, _ in wanted]
    assert all(
        torch.equal(value, draw("seed", name, shape, scale=scale))
        for value, (name, shape, scale) in zip(found, wanted, strict=True)
    )
    assert draw_all("seed", []) == []


def test_a_draw_of_nothing_is_empty() -> None:
    assert draw("seed", "x", (0, 4)).shape == (0, 4)


def test_a_scalar_draw_has_no_dimension() -> None:
    assert draw("seed", "x", ()).shape == ()


def test_integers_stay_below_their_bound() -> None:
    values = draw_integers("seed", "tokens", (1000,), below=7)
    assert values.dtype == torch.int64
    assert sorted(set(values.tolist())) == list(range(7))


@pytest.mark.parametrize("below", [0, -1, 2**31 + 1])
def test_a_bound_that_makes_no_sense_is_refused(below: int) -> None:
    with pytest.raises(ValueError, match="below must lie in"):
        draw_integers("seed", "tokens", (3,), below=below)


def test_salts_give_other_parameters() -> None:
    assert parameter_name("cell", "weight", 0) != parameter_name("cell", "weight", 1)


@pytest.mark.parametrize(
    ("shape", "scale", "expected"),
    [((8, 16), "fan_in", 0.25), ((8,), "fan_in", 0.5), ((), "fan_in", 0.5), ((8, 16), 0.7, 0.7)],
)
def test_the_scale_of_a_parameter_follows_its_shape(
    shape: tuple[int, ...], scale: float | str, expected: float
) -> None:
    assert parameter_scale(shape, scale) == expected


def test_an_unknown_scale_is_refused() -> None:
    with pytest.raises(ValueError, match='or "fan_in"'):
        parameter_scale((2, 2), "xavier")
