"""The generic inputs of each family by name, so that a formula from outside can be evaluated there and be named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from reference.gradients.generic import generic_gru_case, generic_lstm_case, generic_rnn_case
from reference.gradients.gru_case import GRUCase
from reference.gradients.gru_gradients import GRU_ITEMS
from reference.gradients.lstm_case import LSTM_GATE_ITEMS, LSTM_ITEMS, LSTMCase
from reference.gradients.rnn_bptt import RNN_ITEMS
from reference.gradients.rnn_case import RNNCase

Case = RNNCase | GRUCase | LSTMCase
ITEMS: Mapping[str, Sequence[str]] = {"uva": RNN_ITEMS, "tau": GRU_ITEMS, "seq": (*LSTM_GATE_ITEMS, *LSTM_ITEMS)}
"""What can be named in each family."""
_OPTIONS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "uva": {"loss": ("last", "sum"), "steps": tuple(str(steps) for steps in range(3, 9))},
    "tau": {"update": ("1", "2"), "scope": ("local", "total")},
    "seq": {},
}


@lru_cache(maxsize=64)
def _case(family: str, options: tuple[tuple[str, str], ...], size_one: bool) -> Case | None:
    chosen = dict(options)
    if family == "uva":
        if size_one:
            return None  # one score has probability 1, whatever it is
        return generic_rnn_case(chosen.get("loss", "last"), steps=int(chosen.get("steps", "5")))  # type: ignore[arg-type]
    sizes = {"inputs": 1, "hidden": 1} if size_one else {}
    if family == "tau":
        return generic_gru_case(chosen.get("scope", "local"), update=chosen.get("update", "1"), **sizes)  # type: ignore[arg-type]
    return generic_lstm_case(inputs=1, hidden=1, batch=1) if size_one else generic_lstm_case()


def point(family: str, options: Mapping[str, str], *, size_one: bool) -> Case | None:
    """The inputs of a family, always the same; None where every size is 1 and nothing can be told there.

    Raises:
        ValueError: if there is no such family, option or value of an option.
    """
    if family not in ITEMS:
        raise ValueError(f"there is no family {family!r}; wanted one of {', '.join(ITEMS)}")
    known = _OPTIONS[family]
    for name, value in options.items():
        if name != "scope" and value not in known.get(name, ()):
            values = known.get(name)
            wanted = f"; wanted one of {', '.join(values)}" if values else f"; it knows {', '.join(known) or 'none'}"
            raise ValueError(f"the family {family!r} has no option {name}: {value!r}{wanted}")
    kept = {name: value for name, value in options.items() if name in known}
    return _case(family, tuple(sorted(kept.items())), size_one)


def named_inputs(case: Case) -> dict[str, Tensor]:
    """Name -> value: `W_x`, `h_0`, and `x_1` to `x_T` for what there is at each step."""
    if isinstance(case, GRUCase):
        return {field.name: value for field in fields(case) if isinstance(value := getattr(case, field.name), Tensor)}
    if isinstance(case, RNNCase):
        found = {name: getattr(case, name) for name in ("W_x", "W_h", "b_h", "W_p", "b_p", "h_0")}
        for step in range(1, case.steps + 1):
            found |= {f"x_{step}": case.x[step - 1], f"y_{step}": case.y[step - 1]}
        return found
    cache = case.cache
    arrays: dict[str, Any] = {"da_next": case.da_next, "dc_next": case.dc_next}
    arrays |= {name: getattr(cache, name) for name in ("a_prev", "c_prev", "x")}
    arrays |= {field.name: getattr(cache.weights, field.name) for field in fields(cache.weights)}
    return {name: torch.from_numpy(value) for name, value in arrays.items()}


def with_slopes(case: Case, slopes: Mapping[str, Callable[[Tensor], Tensor]]) -> Case:
    """The same inputs with a slope of σ that was derived before, where the family can follow one through."""
    if isinstance(case, GRUCase) and "sigmoid" in slopes:
        return replace(case, sigmoid_slope=slopes["sigmoid"])
    return case
