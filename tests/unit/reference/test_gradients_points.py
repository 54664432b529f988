"""The oracle names gradients that were computed outside, at inputs that it gives by name."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from reference.gradients.gru_gradients import gru_gradients
from reference.gradients.lstm_case import lstm_gradients
from reference.gradients.points import ITEMS, named_inputs, point
from reference.gradients.rnn_bptt import rnn_gradients
from reference.mistakes import function_mistakes
from reference.oracle import ORACLE

RIGHT = {"uva": rnn_gradients, "tau": gru_gradients, "seq": lstm_gradients}


def named(
    family: str, item: str, value: torch.Tensor, options: Mapping[str, str] | None = None
) -> tuple[str, tuple[str, ...]]:
    column = value.reshape(-1, 1) if value.dim() == 1 else value
    found = ORACLE.name_gradient(family, item, column, options or {}, size_one=False, slopes={})
    return ("right" if found.right else found.status), tuple(found.mistakes)


@pytest.mark.parametrize(("family", "item"), [(family, item) for family, items in ITEMS.items() for item in items])
def test_the_right_gradient_is_right_at_the_named_point(family: str, item: str) -> None:
    case = point(family, {}, size_one=False)
    value = torch.as_tensor(RIGHT[family](case)[item])  # type: ignore[index]  # each family has its own case
    assert named(family, item, value)[0] == "right"


@pytest.mark.parametrize("family", sorted(ITEMS))
def test_a_mistake_is_named_at_the_named_point(family: str) -> None:
    case = point(family, {}, size_one=False)
    entry = function_mistakes(family)[-1]
    values = entry.function(case)
    right = RIGHT[family](case)  # type: ignore[index]
    item = next(
        one
        for one in values
        if values[one].shape == right[one].shape
        and not torch.allclose(*map(torch.as_tensor, (values[one], right[one])))
    )
    assert entry.mistake.id in named(family, item, torch.as_tensor(values[item]))[1]


def test_inputs_have_the_names_of_the_equations() -> None:
    tau, uva, seq = (named_inputs(point(family, {}, size_one=False)) for family in ("tau", "uva", "seq"))  # type: ignore[arg-type]
    assert {"x_1", "x_2", "h_0", "y_2", "W_xz", "b_g"} <= set(tau)
    assert {"x_1", "x_5", "y_5", "h_0", "W_h", "b_p"} <= set(uva)
    assert {"a_prev", "da_next", "dc_next", "W_f", "b_o"} <= set(seq)
    assert "x_7" in named_inputs(point("uva", {"steps": "7"}, size_one=False))  # type: ignore[arg-type]


def test_size_one_says_nothing_about_a_softmax_of_one_score() -> None:
    assert ORACLE.gradient_inputs("uva", {}, size_one=True) is None
    with pytest.raises(ValueError, match="nothing can be told"):
        ORACLE.name_gradient("uva", "dW_p", torch.ones(1, 1), {}, size_one=True, slopes={})
    assert all(value.numel() == 1 for value in (ORACLE.gradient_inputs("tau", {}, size_one=True) or {}).values())


def test_a_slope_that_was_derived_before_is_followed() -> None:
    case = point("tau", {"scope": "local"}, size_one=False)
    squared = next(entry for entry in function_mistakes("tau") if entry.mistake.id == "tau.sigma_prime")
    value = squared.function(case)["dW_xz"]
    slopes = {"sigmoid": lambda s: s * (1 - s**2)}
    found = ORACLE.name_gradient("tau", "dW_xz", value, {"scope": "local"}, size_one=False, slopes=slopes)
    assert found.right


@pytest.mark.parametrize(
    ("family", "options", "why"),
    [
        ("uvb", {}, "there is no family"),
        ("tau", {"update": "3"}, "has no option update: '3'; wanted one of 1, 2"),
        ("seq", {"loss": "last"}, "has no option loss"),
    ],
)
def test_what_the_oracle_does_not_know_is_refused(family: str, options: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ORACLE.gradient_inputs(family, options, size_one=False)
