"""Stacks of layers and both kinds of two directions against torch's layers with copied parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers.observations import F64, noise
from torch import Tensor, nn

from reference.networks import (
    MODES,
    LayerwiseNetwork,
    RecurrentCell,
    StackedNetwork,
    TwoStackNetwork,
    reversed_in_time,
    run_layer,
)

D, N, B, T = 5, 4, 3, 6
KINDS: dict[str, tuple[type[nn.RNNBase], dict[str, str]]] = {
    "LSTM": (nn.LSTM, {}),
    "GRU": (nn.GRU, {}),
    "RNN_TANH": (nn.RNN, {"nonlinearity": "tanh"}),
    "RNN_RELU": (nn.RNN, {"nonlinearity": "relu"}),
}
CASES = [
    pytest.param(mode, layers, bias, id=f"{mode}-{layers}-{bias}")
    for mode in MODES
    for layers in (1, 3)
    for bias in (True, False)
]


def torchs(mode: str, layers: int, bias: bool, bidirectional: bool = False) -> Any:
    kind, options = KINDS[mode]
    return kind(D, N, layers, bias=bias, batch_first=True, bidirectional=bidirectional, dtype=F64, **options)


def copy(cells: Any, theirs: nn.RNNBase, suffix: str = "") -> None:
    """Torch's parameters of every layer into our cells."""
    for depth, cell in enumerate(cells):
        with torch.no_grad():
            for name, parameter in cell.named_parameters():
                parameter.copy_(getattr(theirs, f"{name}_l{depth}{suffix}"))


def states_of(theirs: Any) -> tuple[Tensor, ...]:
    return theirs if isinstance(theirs, tuple) else (theirs,)


def far(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


@pytest.mark.parametrize(("mode", "layers", "bias"), CASES)
def test_a_stack_is_torchs_layer_of_several(mode: str, layers: int, bias: bool) -> None:
    theirs, ours = torchs(mode, layers, bias), StackedNetwork(mode, D, N, layers, bias)
    copy(ours.cells, theirs)
    x = noise(1, B, T, D)
    expected, last = theirs(x)
    hidden, states = ours(x)
    assert far(hidden, expected) <= 1e-12
    for kind, value in enumerate(states_of(last)):
        assert far(torch.stack([state[kind] for state in states]), value) <= 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_a_stack_goes_on_from_the_states_that_it_returned(mode: str) -> None:
    ours = StackedNetwork(mode, D, N, 2)
    x = noise(1, B, T, D)
    whole, last = ours(x)
    first, states = ours(x[:, :2])
    second, states = ours(x[:, 2:], states)
    assert far(torch.cat((first, second), dim=1), whole) <= 1e-12
    assert (
        max(far(one, other) for pair in zip(states, last, strict=True) for one, other in zip(*pair, strict=True))
        <= 1e-12
    )


@pytest.mark.parametrize("mode", MODES)
def test_gradients_reach_every_parameter_as_in_torchs_layer(mode: str) -> None:
    theirs, ours = torchs(mode, 2, True), StackedNetwork(mode, D, N, 2)
    copy(ours.cells, theirs)
    x, weights = noise(1, B, T, D), noise(2, B, T, N)
    (theirs(x)[0] * weights).sum().backward()
    (ours(x)[0] * weights).sum().backward()
    for depth, cell in enumerate(ours.cells):
        for name, parameter in cell.named_parameters():
            assert far(parameter.grad, getattr(theirs, f"{name}_l{depth}").grad) <= 1e-10


@pytest.mark.parametrize("mode", MODES)
def test_one_layer_starts_from_a_given_state(mode: str) -> None:
    theirs, cell = torchs(mode, 1, True), RecurrentCell(mode, D, N)
    copy([cell], theirs)
    x = noise(1, B, T, D)
    state = tuple(noise(2 + kind, B, N) for kind in range(2 if mode == "LSTM" else 1))
    given = tuple(value[None] for value in state)
    expected, _ = theirs(x, given if mode == "LSTM" else given[0])
    assert far(run_layer(cell, x, state)[0], expected) <= 1e-12


@pytest.mark.parametrize(("mode", "layers", "bias"), CASES)
def test_two_stacks_are_two_torch_layers_one_over_the_reversed_sequence(mode: str, layers: int, bias: bool) -> None:
    one, other = torchs(mode, layers, bias), torchs(mode, layers, bias)
    ours = TwoStackNetwork(mode, D, N, layers, bias)
    copy(ours.forwards.cells, one)
    copy(ours.backwards.cells, other)
    x = noise(1, B, T, D)
    (forwards, last), (backwards, first) = one(x), other(x.flip(1))
    assert far(ours(x), torch.cat((forwards, backwards.flip(1)), dim=2)) <= 1e-12
    expected = torch.cat((states_of(last)[0][-1], states_of(first)[0][-1]), dim=1)
    assert far(ours.summary(x), expected) <= 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_two_stacks_of_one_layer_are_torchs_bidirectional_one(mode: str) -> None:
    theirs, ours = torchs(mode, 1, True, bidirectional=True), TwoStackNetwork(mode, D, N)
    copy(ours.forwards.cells, theirs)
    copy(ours.backwards.cells, theirs, "_reverse")
    x = noise(1, B, T, D)
    expected, last = theirs(x)
    assert far(ours(x), expected) <= 1e-12
    assert far(ours.summary(x), torch.cat(tuple(states_of(last)[0]), dim=1)) <= 1e-12


@pytest.mark.parametrize(("mode", "layers", "bias"), CASES)
def test_directions_joined_at_every_layer_are_torchs_bidirectional_layers(mode: str, layers: int, bias: bool) -> None:
    theirs, ours = torchs(mode, layers, bias, bidirectional=True), LayerwiseNetwork(mode, D, N, layers, bias)
    copy(ours.forwards, theirs)
    copy(ours.backwards, theirs, "_reverse")
    x = noise(1, B, T, D)
    assert far(ours(x), theirs(x)[0]) <= 1e-12


def test_the_two_kinds_of_directions_differ_from_two_layers_on() -> None:
    assert sum(p.numel() for p in TwoStackNetwork("GRU", D, N, 2).parameters()) == 2 * 3 * N * (D + N + 2 + N + N + 2)
    assert sum(p.numel() for p in LayerwiseNetwork("GRU", D, N, 2).parameters()) == 2 * 3 * N * (
        D + N + 2 + 2 * N + N + 2
    )


@pytest.mark.parametrize("mode", MODES)
def test_each_half_of_a_summary_has_read_every_step(mode: str) -> None:
    ours, x = TwoStackNetwork(mode, D, 8, 2), noise(1, B, T, D).requires_grad_()
    for half in ours.summary(x).chunk(2, dim=1):
        (gradient,) = torch.autograd.grad(half.sum(), x, retain_graph=True)
        assert bool((gradient.abs().amax(dim=(0, 2)) > 0).all())


def test_a_sequence_is_turned_in_time_and_nowhere_else() -> None:
    x = torch.arange(12, dtype=F64).reshape(2, 3, 2)
    assert reversed_in_time(x).tolist() == [[[4, 5], [2, 3], [0, 1]], [[10, 11], [8, 9], [6, 7]]]


@pytest.mark.parametrize("network", [StackedNetwork, TwoStackNetwork, LayerwiseNetwork])
@pytest.mark.parametrize(
    ("sizes", "word"), [((0, N, 1), "input_size"), ((D, 0, 1), "hidden_size"), ((D, N, 0), "num_layers")]
)
def test_sizes_below_one_are_refused(network: Any, sizes: tuple[int, int, int], word: str) -> None:
    with pytest.raises(ValueError, match=f"{word} must be at least 1, found 0"):
        network("GRU", *sizes)
