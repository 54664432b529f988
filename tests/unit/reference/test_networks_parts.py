"""Cells as modules against torch's own, the linear layer, and where the first parameters come from."""

from __future__ import annotations

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor, nn

from reference.networks import MODES, Affine, FourModeModel, RecurrentCell

D, N, B = 5, 4, 3
TORCH = {
    "LSTM": lambda bias: nn.LSTMCell(D, N, bias=bias, dtype=F64),
    "GRU": lambda bias: nn.GRUCell(D, N, bias=bias, dtype=F64),
    "RNN_TANH": lambda bias: nn.RNNCell(D, N, bias=bias, nonlinearity="tanh", dtype=F64),
    "RNN_RELU": lambda bias: nn.RNNCell(D, N, bias=bias, nonlinearity="relu", dtype=F64),
}


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("mode", MODES)
def test_a_cell_with_torchs_parameters_steps_as_torchs_cell(mode: str, bias: bool) -> None:
    theirs, ours = TORCH[mode](bias), RecurrentCell(mode, D, N, bias)
    ours.load_state_dict(theirs.state_dict())
    x, h, c = noise(1, B, D), noise(2, B, N), noise(3, B, N)
    state = (h, c) if mode == "LSTM" else (h,)
    expected = theirs(x, state if mode == "LSTM" else h)
    expected = expected if isinstance(expected, tuple) else (expected,)
    assert max(far(one, other) for one, other in zip(ours(x, state), expected, strict=True)) <= 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_a_cell_without_a_bias_has_no_parameter_for_it(mode: str) -> None:
    assert [name for name, _ in RecurrentCell(mode, D, N, bias=False).named_parameters()] == ["weight_ih", "weight_hh"]


def test_the_linear_layer_is_torchs() -> None:
    theirs, ours = nn.Linear(D, N, dtype=F64), Affine(D, N)
    ours.load_state_dict(theirs.state_dict())
    x = noise(1, B, 2, D)
    assert far(ours(x), theirs(x)) <= 1e-12


def test_parameters_start_uniform_within_the_bound() -> None:
    cell = RecurrentCell("LSTM", 50, 100)
    for parameter in cell.parameters():
        assert float(parameter.detach().abs().max()) < 0.1
        assert float(parameter.detach().abs().max()) > 0.098
        assert float(parameter.detach().mean()) == pytest.approx(0.0, abs=0.01)
        assert float(parameter.detach().std()) == pytest.approx(0.1 / 3**0.5, rel=0.05)


def test_the_same_generator_gives_the_same_model_and_another_another() -> None:
    def scores(seed: int | None) -> Tensor:
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        return FourModeModel("GRU", D, N, 2, True, 3, generator=generator)(noise(1, B, 4, D))

    assert torch.equal(scores(None), scores(0))
    assert not torch.equal(scores(0), scores(1))


def test_making_a_model_leaves_torchs_global_generator_alone() -> None:
    before = torch.get_rng_state()
    FourModeModel("LSTM", D, N, 2, True, 3)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("mode", ["lstm", "RNN", ""])
def test_a_mode_that_does_not_exist_is_refused_with_those_that_do(mode: str) -> None:
    with pytest.raises(ValueError, match=f"mode must be one of LSTM, GRU, RNN_TANH, RNN_RELU, found '{mode}'"):
        RecurrentCell(mode, D, N)
