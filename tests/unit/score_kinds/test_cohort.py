"""A cell that nobody was asked to write is judged once for a cohort, and anew as soon as anything about it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from grader.score.kinds.cohort import recognised


@dataclass
class Counting:
    """An oracle whose verdicts are numbers: how often it was asked."""

    asked: list[str] = field(default_factory=list)

    def recognise_cell(self, family: str, content: Mapping[str, Any], policy: Mapping[str, str]) -> Any:
        self.asked.append(family)
        return len(self.asked)


def observation(**changes: Any) -> dict[str, Any]:
    content = {
        "input_size": 3,
        "dtype": "float64",
        "parameters": {"w": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(2)},
        "x": torch.ones(1, 3),
        "outputs": (torch.ones(2), torch.zeros(2)),
        "trials": [{"x": torch.ones(1, 3), "outputs": (torch.ones(2),)}],
    }
    return {**content, **changes}


def test_equal_observations_are_judged_once() -> None:
    oracle, cohort = Counting(), {}
    first = recognised(cohort, oracle, "rnn", observation(), {"reset": "either"})
    assert recognised(cohort, oracle, "rnn", observation(), {"reset": "either"}) == first
    assert oracle.asked == ["rnn"]


@pytest.mark.parametrize(
    ("family", "content", "policy"),
    [
        ("gru", observation(), {}),
        ("rnn", observation(), {"reset": "after"}),
        ("rnn", observation(input_size=4), {}),
        ("rnn", observation(dtype="float32"), {}),
        ("rnn", observation(x=torch.ones(1, 3) + 1e-6), {}),
        ("rnn", observation(x=torch.ones(3, 1)), {}),
        ("rnn", observation(x=torch.ones(1, 3).double()), {}),
        ("rnn", observation(parameters={"w": torch.arange(6.0).reshape(2, 3), "c": torch.zeros(2)}), {}),
        ("rnn", observation(parameters={"b": torch.zeros(2), "w": torch.arange(6.0).reshape(2, 3)}), {}),
        ("rnn", observation(outputs=(torch.ones(2), torch.full((2,), -0.0))), {}),
        ("rnn", observation(outputs=(torch.tensor([1.0, 1.0, 0.0, 0.0]),)), {}),
        ("rnn", observation(trials=[]), {}),
        ("rnn", observation(extra=None), {}),
    ],
)
def test_whatever_differs_is_judged_anew(family: str, content: Mapping[str, Any], policy: Mapping[str, str]) -> None:
    oracle, cohort = Counting(), {}
    first = recognised(cohort, oracle, "rnn", observation(), {})
    assert recognised(cohort, oracle, family, content, policy) != first


def test_no_more_than_some_verdicts_are_kept() -> None:
    oracle, cohort = Counting(), {}
    for number in range(200):
        recognised(cohort, oracle, "rnn", observation(input_size=number), {})
    assert len(cohort) == 64
    recognised(cohort, oracle, "rnn", observation(input_size=199), {})
    recognised(cohort, oracle, "rnn", observation(input_size=0), {})
    assert len(oracle.asked) == 201
