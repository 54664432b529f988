"""The column-wise cells in NumPy against torch's own layers, against difference quotients, and against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from helpers.gradient_cases import furthest, relative
from jaxtyping import config
from torch import nn

from reference.gradients import (
    LSTM_GATE_ITEMS,
    LSTM_ITEMS,
    GateGradients,
    LSTMWeights,
    RNNCase,
    RNNWeights,
    lstm_backward,
    lstm_cell_backward,
    lstm_cell_forward,
    lstm_forward,
    lstm_gate_gradients,
    lstm_gradients,
    lstm_gradients_from_gates,
    rnn_backward,
    rnn_cell_backward,
    rnn_cell_forward,
    rnn_forward,
    rnn_gradients,
    rnn_output_backward,
    softmax_columns,
)
from reference.gradients.generic import generic_lstm_case, generic_lstm_weights

N_A, N_X, N_Y, M, T = 4, 3, 5, 6, 7


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def rnn_weights() -> RNNWeights:
    return RNNWeights(
        W_ax=draw(N_A, N_X) * 0.5,
        W_aa=draw(N_A, N_A) * 0.5,
        W_ya=draw(N_Y, N_A),
        b_a=draw(N_A, 1) * 0.5,
        b_y=draw(N_Y, 1) * 0.5,
    )


def quotients(f: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Central differences of a number in every entry of an array."""
    found = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[index] = 1e-5
        found[index] = (f(at + step) - f(at - step)) / 2e-5
    return found


def torch_rnn(weights: RNNWeights) -> nn.RNN:
    layer = nn.RNN(N_X, N_A, dtype=torch.float64)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(torch.from_numpy(weights.W_ax))
        layer.weight_hh_l0.copy_(torch.from_numpy(weights.W_aa))
        layer.bias_ih_l0.copy_(torch.from_numpy(weights.b_a[:, 0]))
        layer.bias_hh_l0.zero_()
    return layer


def torch_lstm(weights: LSTMWeights) -> nn.LSTM:
    """torch keeps its gates in the order input, forget, candidate, output."""
    layer = nn.LSTM(N_X, N_A, dtype=torch.float64)
    with torch.no_grad():
        for part, gate in enumerate("ufco"):
            rows, W = slice(part * N_A, (part + 1) * N_A), torch.from_numpy(getattr(weights, f"W_{gate}"))
            layer.weight_ih_l0[rows] = W[:, N_A:]
            layer.weight_hh_l0[rows] = W[:, :N_A]
            layer.bias_ih_l0[rows] = torch.from_numpy(getattr(weights, f"b_{gate}")[:, 0])
        layer.bias_hh_l0.zero_()
    return layer


def as_torch(value: np.ndarray) -> torch.Tensor:
    """(n, m, T) in columns -> (T, m, n) in rows, or (n, m) -> (1, m, n); a leaf."""
    rows = value.transpose(2, 1, 0) if value.ndim == 3 else value.T[None]
    return torch.from_numpy(rows.copy()).requires_grad_()


def as_columns(value: torch.Tensor) -> np.ndarray:
    return value.detach().numpy().transpose(2, 1, 0)


# ------------------------------------------------------------------------------------------------ the plain cell


def test_the_plain_cell_runs_as_torch_does() -> None:
    weights, x, a_0 = rnn_weights(), draw(N_X, M, T), draw(N_A, M)
    caches = rnn_forward(x, a_0, weights)
    states, _ = torch_rnn(weights)(as_torch(x), as_torch(a_0))
    assert relative(np.stack([cache.a_next for cache in caches], axis=2), as_columns(states)) <= 1e-12
    scores = torch.from_numpy(weights.W_ya @ caches[-1].a_next + weights.b_y)
    assert relative(caches[-1].y_hat, torch.softmax(scores, dim=0)) <= 1e-12


def test_the_softmax_of_large_scores_is_finite() -> None:
    found = softmax_columns(np.array([[1000.0, -1000.0], [0.0, 0.0]]))
    assert found.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_the_plain_cell_goes_back_as_torch_does() -> None:
    weights, x, a_0, da = rnn_weights(), draw(N_X, M, T), draw(N_A, M), draw(N_A, M, T, seed=1)
    found = rnn_backward(da, rnn_forward(x, a_0, weights))
    layer, x_t, a_t = torch_rnn(weights), as_torch(x), as_torch(a_0)
    states, _ = layer(x_t, a_t)
    (states * as_torch(da).detach()).sum().backward()
    expected = {
        "dx": as_columns(x_t.grad),
        "da_0": a_t.grad[0].numpy().T,
        "dW_ax": layer.weight_ih_l0.grad.numpy(),
        "dW_aa": layer.weight_hh_l0.grad.numpy(),
        "db_a": layer.bias_ih_l0.grad.numpy()[:, None],
    }
    assert furthest(found, expected) <= 1e-12


def test_one_step_of_the_plain_cell_agrees_with_difference_quotients() -> None:
    weights, x, a_prev, da = rnn_weights(), draw(N_X, M), draw(N_A, M), draw(N_A, M, seed=1)

    def loss(x: np.ndarray, a_prev: np.ndarray, **changed: np.ndarray) -> float:
        return float((rnn_cell_forward(x, a_prev, replace(weights, **changed)).a_next * da).sum())

    expected = {
        "dx": quotients(lambda value: loss(value, a_prev), x),
        "da_prev": quotients(lambda value: loss(x, value), a_prev),
        **{
            f"d{name}": quotients(lambda value, name=name: loss(x, a_prev, **{name: value}), getattr(weights, name))
            for name in ("W_ax", "W_aa", "b_a")
        },
    }
    assert furthest(rnn_cell_backward(da, rnn_cell_forward(x, a_prev, weights)), expected) <= 1e-6


def test_the_prediction_agrees_with_difference_quotients() -> None:
    weights, x, a_prev, y = rnn_weights(), draw(N_X, M), draw(N_A, M), np.eye(N_Y)[:, [0, 1, 2, 3, 4, 0]]

    def loss(**changed: np.ndarray) -> float:
        return float(-(y * np.log(rnn_cell_forward(x, a_prev, replace(weights, **changed)).y_hat)).sum())

    found = rnn_output_backward(y, rnn_cell_forward(x, a_prev, weights))
    expected = {
        f"d{name}": quotients(lambda value, name=name: loss(**{name: value}), getattr(weights, name))
        for name in ("W_ya", "b_y")
    }
    assert furthest({item: found[item] for item in expected}, expected) <= 1e-6


def test_columns_and_rows_give_the_same_gradients_of_a_language_model() -> None:
    """Two derivations in two notations: prediction and sequence here, backpropagation through time there."""
    weights, x, a_0 = rnn_weights(), draw(N_X, 1, T), draw(N_A, 1)
    y = np.eye(N_Y)[[0, 1, 2, 3, 4, 0, 1]].T[:, None, :]  # (n_y, 1, T)
    caches = rnn_forward(x, a_0, weights)
    outputs = [rnn_output_backward(y[:, :, t], cache) for t, cache in enumerate(caches)]
    columns = rnn_backward(np.stack([output["da"] for output in outputs], axis=2), caches)
    rows = rnn_gradients(
        RNNCase(
            W_x=torch.from_numpy(weights.W_ax),
            W_h=torch.from_numpy(weights.W_aa),
            b_h=torch.from_numpy(weights.b_a[:, 0]),
            W_p=torch.from_numpy(weights.W_ya),
            b_p=torch.from_numpy(weights.b_y[:, 0]),
            x=torch.from_numpy(x[:, 0].T),
            y=torch.from_numpy(y[:, 0].T),
            h_0=torch.from_numpy(a_0[:, 0]),
        )
    )
    assert relative(columns["dW_aa"], rows["dW_h"]) <= 1e-12
    assert relative(columns["dW_ax"], rows["dW_x"]) <= 1e-12
    assert relative(columns["db_a"][:, 0], rows["db_h"]) <= 1e-12
    assert relative(sum(output["dW_ya"] for output in outputs), rows["dW_p"]) <= 1e-12
    assert relative(sum(output["db_y"] for output in outputs)[:, 0], rows["db_p"]) <= 1e-12


# ------------------------------------------------------------------------------------------------ the memory cell


def test_the_memory_cell_runs_as_torch_does() -> None:
    weights, x, a_0, c_0 = generic_lstm_weights(), draw(N_X, M, T), draw(N_A, M), draw(N_A, M, seed=1)
    caches = lstm_forward(x, a_0, c_0, weights)
    states, (_, c) = torch_lstm(weights)(as_torch(x), (as_torch(a_0), as_torch(c_0)))
    assert relative(np.stack([cache.a_next for cache in caches], axis=2), as_columns(states)) <= 1e-12
    assert relative(caches[-1].c_next, c[0].T) <= 1e-12


def test_the_memory_cell_goes_back_as_torch_does() -> None:
    weights, x, a_0, c_0 = generic_lstm_weights(), draw(N_X, M, T), draw(N_A, M), draw(N_A, M, seed=1)
    da = draw(N_A, M, T, seed=2)
    found = lstm_backward(da, lstm_forward(x, a_0, c_0, weights))
    layer, x_t, a_t, c_t = torch_lstm(weights), as_torch(x), as_torch(a_0), as_torch(c_0)
    states, _ = layer(x_t, (a_t, c_t))
    (states * as_torch(da).detach()).sum().backward()
    expected: dict[str, Any] = {
        "dx": as_columns(x_t.grad),
        "da_0": a_t.grad[0].T,
        "dc_0": c_t.grad[0].T,
    }
    for part, gate in enumerate("ufco"):
        rows = slice(part * N_A, (part + 1) * N_A)
        expected[f"dW_{gate}"] = torch.cat([layer.weight_hh_l0.grad[rows], layer.weight_ih_l0.grad[rows]], dim=1)
        expected[f"db_{gate}"] = layer.bias_ih_l0.grad[rows, None]
    assert furthest(found, expected) <= 1e-12


@pytest.mark.parametrize("seed", [0, 1])
def test_one_step_of_the_memory_cell_agrees_with_difference_quotients(seed: int) -> None:
    case = generic_lstm_case(seed=seed)
    s, weights = case.cache, case.cache.weights

    def loss(x: np.ndarray, a: np.ndarray, c: np.ndarray, **changed: np.ndarray) -> float:
        step = lstm_cell_forward(x, a, c, replace(weights, **changed))
        return float((step.a_next * case.da_next).sum() + (step.c_next * case.dc_next).sum())

    expected = {
        "dx": quotients(lambda value: loss(value, s.a_prev, s.c_prev), s.x),
        "da_prev": quotients(lambda value: loss(s.x, value, s.c_prev), s.a_prev),
        "dc_prev": quotients(lambda value: loss(s.x, s.a_prev, value), s.c_prev),
        **{
            f"d{name}": quotients(
                lambda value, name=name: loss(s.x, s.a_prev, s.c_prev, **{name: value}), getattr(weights, name)
            )
            for name in (f"{kind}_{gate}" for kind in "Wb" for gate in "fuco")
        },
    }
    assert furthest(lstm_cell_backward(case.da_next, case.dc_next, s), expected) <= 1e-6


def test_the_gradients_of_the_gates_agree_with_autograd() -> None:
    case = generic_lstm_case()
    s = case.cache
    joined = torch.from_numpy(s.joined)
    pre = {
        gate: (
            torch.from_numpy(getattr(s.weights, f"W_{gate}")) @ joined
            + torch.from_numpy(getattr(s.weights, f"b_{gate}"))
        )
        .detach()
        .requires_grad_()
        for gate in "fuco"
    }
    c = torch.sigmoid(pre["f"]) * torch.from_numpy(s.c_prev) + torch.sigmoid(pre["u"]) * torch.tanh(pre["c"])
    a = torch.sigmoid(pre["o"]) * torch.tanh(c)
    total = (a * torch.from_numpy(case.da_next)).sum() + (c * torch.from_numpy(case.dc_next)).sum()
    expected = dict(zip(LSTM_GATE_ITEMS, torch.autograd.grad(total, [pre[gate] for gate in "fuco"]), strict=True))
    found = lstm_gate_gradients(case.da_next, case.dc_next, s)
    assert furthest({item: getattr(found, item) for item in LSTM_GATE_ITEMS}, expected) <= 1e-12


def test_the_second_half_is_computed_from_the_gates_that_it_is_given() -> None:
    case = generic_lstm_case()
    right = lstm_gate_gradients(case.da_next, case.dc_next, case.cache)
    doubled = GateGradients(d_f=2 * right.d_f, d_u=2 * right.d_u, d_c=2 * right.d_c, d_o=2 * right.d_o)
    plain = lstm_gradients(case)
    found = lstm_gradients(replace(case, gates=doubled))
    assert set(found) == set(LSTM_ITEMS)
    assert furthest(lstm_gradients_from_gates(doubled, case.da_next, case.dc_next, case.cache), found) == 0
    for item in LSTM_ITEMS:  # (16) does not pass through the gates, all others are linear in their gradients
        assert relative(found[item], plain[item] * (1 if item == "dc_prev" else 2)) <= 1e-12


def test_gradients_have_the_shapes_of_what_they_belong_to() -> None:
    case = generic_lstm_case()
    shapes = {item: value.shape for item, value in lstm_gradients(case).items()}
    assert shapes == {
        **dict.fromkeys(LSTM_GATE_ITEMS, (4, 6)),
        **{f"dW_{gate}": (4, 7) for gate in "fuco"},
        **{f"db_{gate}": (4, 1) for gate in "fuco"},
        "da_prev": (4, 6),
        "dc_prev": (4, 6),
        "dx": (3, 6),
    }


def test_steps_without_a_cache_are_refused() -> None:
    weights = generic_lstm_weights()
    with pytest.raises(ValueError, match="da has 2 steps; wanted one for each of the 1 caches"):
        lstm_backward(draw(N_A, M, 2), lstm_forward(draw(N_X, M, 1), draw(N_A, M), draw(N_A, M), weights))
    with pytest.raises(ValueError, match="da has 2 steps; wanted one for each of the 1 caches"):
        rnn_backward(draw(N_A, M, 2), rnn_forward(draw(N_X, M, 1), draw(N_A, M), rnn_weights()))


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations may be checked in this run; here the package's own checks are meant."""
    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", before)


@pytest.mark.usefixtures("unchecked")
def test_inputs_that_do_not_fit_are_refused_by_name() -> None:
    case = generic_lstm_case()
    with pytest.raises(ValueError, match="W_f has 7 columns; wanted 6"):
        replace(case.cache, x=draw(2, M))
    with pytest.raises(ValueError, match=r"da_next has shape \(4, 2\); wanted \(4, 6\)"):
        replace(case, da_next=draw(4, 2), dc_next=draw(4, 2))
    with pytest.raises(ValueError, match=r"b_a has shape \(4, 2\); wanted \(hidden, 1\)$"):
        replace(rnn_weights(), b_a=draw(4, 2))
