"""Inputs of the gradient families: generic ones, and those that hide some mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from reference.gradients import GRUCase, LSTMCase, RNNCase, lstm_cell_forward
from reference.gradients.generic import generic_gru_case, generic_lstm_case, generic_rnn_case
from reference.mistakes import function_mistakes

Values = Mapping[str, np.ndarray]


def relative(found: Any, expected: Any) -> float:
    """The largest difference, relative to the largest entry of what is expected; infinite where shapes differ."""
    found, expected = (
        np.asarray(value.detach() if isinstance(value, torch.Tensor) else value, dtype=np.float64)
        for value in (found, expected)
    )
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-300))


def furthest(found: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    """The largest relative difference over all items; infinite where the items are not the same."""
    if set(found) != set(expected):
        return float("inf")
    return max(relative(found[item], expected[item]) for item in expected)


def formulas(family: str, case: Any) -> dict[str, Values]:
    """Name without the family -> what the formula gives, the right one included."""
    return {
        entry.mistake.id.split(".")[1]: {item: np.asarray(value) for item, value in entry.function(case).items()}
        for entry in function_mistakes(family)
    }


def apart(one: Values, other: Values, item: str, scale: float) -> float:
    """How far two formulas are from each other in one item; infinite where only one has it, or shapes differ."""
    if item not in one or item not in other:
        return float("inf") if (item in one) != (item in other) else 0.0
    a, b = one[item], other[item]
    return float(np.abs(a - b).max() / scale) if a.shape == b.shape else float("inf")


def _zero_state(case: Any) -> Any:
    return replace(case, h_0=torch.zeros_like(case.h_0))


def _no_da(case: LSTMCase) -> LSTMCase:
    return replace(case, da_next=np.zeros_like(case.da_next))


def _no_dc(case: LSTMCase) -> LSTMCase:
    return replace(case, dc_next=np.zeros_like(case.dc_next))


def _zero_cell(case: LSTMCase) -> LSTMCase:
    s = case.cache
    return replace(case, cache=lstm_cell_forward(s.x, s.a_prev, np.zeros_like(s.c_prev), s.weights))


def _same_input(case: GRUCase) -> GRUCase:
    return replace(case, x_1=case.x_2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Inputs that hide something, and the items in which they do."""

    build: Callable[[], RNNCase | GRUCase | LSTMCase]
    items: tuple[str, ...] | None = None
    """None for all."""
    like: Callable[[], RNNCase | GRUCase | LSTMCase]
    """Generic inputs of the same kind."""


_UNSEEN_WITHOUT_STATE = ("dW_hz", "dW_hg", "dW_xr", "dW_hr")

SITUATIONS: Mapping[str, Situation] = {
    "uva_one_step": Situation(build=lambda: generic_rnn_case(steps=1), like=generic_rnn_case),
    "uva_one_step_zero_state": Situation(
        build=lambda: _zero_state(generic_rnn_case(steps=1)), items=("dW_h",), like=generic_rnn_case
    ),
    "uva_two_steps": Situation(build=lambda: generic_rnn_case(steps=2), like=generic_rnn_case),
    "uva_two_steps_zero_state": Situation(
        build=lambda: _zero_state(generic_rnn_case(steps=2)), items=("dW_h",), like=generic_rnn_case
    ),
    "uva_three_steps_zero_state": Situation(
        build=lambda: _zero_state(generic_rnn_case(steps=3)), items=("dW_h",), like=generic_rnn_case
    ),
    "uva_zero_state": Situation(build=lambda: _zero_state(generic_rnn_case()), items=("dW_h",), like=generic_rnn_case),
    "tau_zero_state": Situation(
        build=lambda: _zero_state(generic_gru_case()), items=_UNSEEN_WITHOUT_STATE, like=generic_gru_case
    ),
    "tau_zero_state_total": Situation(
        build=lambda: _zero_state(generic_gru_case("total")),
        items=_UNSEEN_WITHOUT_STATE,
        like=lambda: generic_gru_case("total"),
    ),
    "tau_scalar": Situation(build=lambda: generic_gru_case(inputs=1, hidden=1), like=generic_gru_case),
    "tau_same_input": Situation(build=lambda: _same_input(generic_gru_case()), like=generic_gru_case),
    "seq_no_dc_next": Situation(build=lambda: _no_dc(generic_lstm_case()), like=generic_lstm_case),
    "seq_no_da_next": Situation(build=lambda: _no_da(generic_lstm_case()), like=generic_lstm_case),
    "seq_zero_cell": Situation(build=lambda: _zero_cell(generic_lstm_case()), like=generic_lstm_case),
    "seq_one_example": Situation(build=lambda: generic_lstm_case(batch=1), like=generic_lstm_case),
    "seq_one_unit": Situation(build=lambda: generic_lstm_case(inputs=1, hidden=1), like=generic_lstm_case),
    "seq_dc_prev_alone": Situation(build=generic_lstm_case, items=("dc_prev",), like=generic_lstm_case),
}
