"""The shapes that annotations name hold at run time, and docstrings say all that they should."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from helpers.gradient_cases import furthest
from jaxtyping import TypeCheckError, install_import_hook

import reference.gradients as plain

HEADINGS = ("Equations", "Shapes", "Source", "Departures", "Numerics", "Oracle", "Mistakes")
DOCUMENTED = (
    "gru_gradients",
    "lstm_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "lstm_gate_gradients",
    "lstm_gradients_from_gates",
    "rnn_backward",
    "rnn_cell_backward",
    "rnn_cell_forward",
    "rnn_forward",
    "rnn_gradients",
    "rnn_gradients_forward",
    "rnn_loss",
    "rnn_output_backward",
    "rnn_run",
    "softmax_jacobian",
)


@pytest.fixture(scope="module")
def checked() -> Iterator[Any]:
    """The package, imported anew with every annotation checked at each call."""
    ours = [name for name in sys.modules if name == "reference.gradients" or name.startswith("reference.gradients.")]
    with pytest.MonkeyPatch.context() as patch:
        for name in ours:
            patch.delitem(sys.modules, name)
        with install_import_hook("reference.gradients", "beartype.beartype"):
            package = importlib.import_module("reference.gradients")
            generic = importlib.import_module("reference.gradients.generic")
        package.generic = generic  # type: ignore[attr-defined]  # beside the package's own names
        yield package
        for name in [name for name in sys.modules if name.startswith("reference.gradients")]:
            del sys.modules[name]
    vars(sys.modules["reference"])["gradients"] = plain


def test_annotations_are_checked_here(checked: Any) -> None:
    with pytest.raises(TypeCheckError):
        checked.softmax_jacobian(torch.zeros(2, 3, dtype=torch.float64))
    with pytest.raises(TypeCheckError):
        checked.softmax_columns(np.zeros((2, 3), dtype=np.float32))


@pytest.mark.parametrize("loss", ["last", "sum"])
def test_the_plain_network_keeps_to_its_annotations(checked: Any, loss: str) -> None:
    case = checked.generic.generic_rnn_case(loss)
    assert furthest(checked.rnn_gradients(case), checked.rnn_gradients_forward(case)) <= 1e-12
    assert checked.rnn_loss(case).shape == ()


@pytest.mark.parametrize("scope", ["local", "total"])
def test_the_gated_unit_keeps_to_its_annotations(checked: Any, scope: str) -> None:
    found = checked.gru_gradients(checked.generic.generic_gru_case(scope))
    assert set(found) == set(checked.GRU_ITEMS)
    assert checked.gru_loss(checked.generic.generic_gru_case(scope)).shape == ()


def test_the_column_wise_cells_keep_to_their_annotations(checked: Any) -> None:
    random = np.random.default_rng(0)
    x, a, da = random.normal(size=(3, 6, 5)), random.normal(size=(4, 6)), random.normal(size=(4, 6, 5))
    weights = checked.generic.generic_lstm_weights()
    assert checked.lstm_backward(da, checked.lstm_forward(x, a, a, weights))["dx"].shape == x.shape
    plain_weights = checked.RNNWeights(
        W_ax=random.normal(size=(4, 3)),
        W_aa=random.normal(size=(4, 4)),
        W_ya=random.normal(size=(2, 4)),
        b_a=np.zeros((4, 1)),
        b_y=np.zeros((2, 1)),
    )
    caches = checked.rnn_forward(x, a, plain_weights)
    assert checked.rnn_backward(da, caches)["dx"].shape == x.shape
    assert checked.rnn_output_backward(np.ones((2, 6)) / 2, caches[-1])["da"].shape == a.shape


@pytest.mark.parametrize("gates_given", [False, True])
def test_a_step_of_the_memory_cell_keeps_to_its_annotations(checked: Any, gates_given: bool) -> None:
    case = checked.generic.generic_lstm_case(gates_given=gates_given)
    assert ("d_f" in checked.lstm_gradients(case)) is not gates_given


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_reference_gradient_documents_all_seven_headings(name: str) -> None:
    text = inspect.getdoc(getattr(plain, name)) or ""
    assert [heading for heading in HEADINGS if heading not in text] == []
