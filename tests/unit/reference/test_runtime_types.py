"""Documented shapes are checked at every call while tests run, so that they cannot rot."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
import torch
from helpers.observations import F64, noise
from jaxtyping import TypeCheckError

import reference
from reference.cells import (
    Peepholes,
    Role,
    gru_step,
    lstm_peephole_step,
    lstm_step,
    phased_lstm_step,
    rnn_step,
    simplified_gru_step,
    time_gate,
)
from reference.networks import LayerwiseNetwork, PalindromeClassifier, StackedNetwork, class_loss, sequence_loss

ROOT = Path(__file__).resolve().parents[3]
D, N, B = 5, 4, 3
ANSWERS = {"cells", "networks", "gradients", "optimisers", "language", "counts", "curves"}
X, H, C = noise(1, B, D), noise(2, B, N), noise(3, B, N)


def role(seed: int, *leading: int) -> Role:
    bias = (*leading, 1, N) if leading else (N,)
    return Role(
        W_x=noise(seed, *leading, N, D),
        W_h=noise(seed + 1, *leading, N, N),
        b_x=noise(seed + 2, *bias),
        b_h=noise(seed + 3, *bias),
    )


ROLES = {name: role(10 * place) for place, name in enumerate("ifgorzn")}
LOOKING = Peepholes(p_i=noise(7, N), p_f=noise(8, N), p_o=noise(9, N))
REFUSED: dict[str, Callable[[], Any]] = {
    "an LSTM state of another batch": lambda: lstm_step(X, H[:2], C, ROLES),
    "an LSTM cell state of another width": lambda: lstm_step(X, H, C[:, :2], ROLES),
    "a GRU state without a batch": lambda: gru_step(X, H[0], ROLES),
    "a plain cell's input with a time axis": lambda: rnn_step(noise(1, B, 2, D), H, ROLES["n"]),
    "a simplified GRU state of another batch": lambda: simplified_gru_step(X, H[:1], ROLES),
    "an integer input": lambda: lstm_step(torch.ones(B, D, dtype=torch.int64), H, C, ROLES),
    "peepholes of two sizes": lambda: Peepholes(p_i=noise(7, N), p_f=noise(8, N + 1), p_o=noise(9, N)),
    "peepholes for another cell": lambda: lstm_peephole_step(X, H, C[:, :3], ROLES, LOOKING),
    "a time gate of another width": lambda: phased_lstm_step(X, H, C, ROLES, noise(4, N + 1)),
    "rhythms that do not broadcast": lambda: time_gate(noise(1, B, 2), *(torch.ones(N, dtype=F64) for _ in range(3))),
    "a sequence without a time axis": lambda: StackedNetwork("GRU", D, N)(X),
    "a sequence without a batch": lambda: LayerwiseNetwork("GRU", D, N)(X),
    "digits that are no integers": lambda: PalindromeClassifier("GRU", N)(noise(1, B, 6)),
    "one target too many": lambda: class_loss(noise(1, B, 10), torch.zeros(B + 1, dtype=torch.int64)),
    "targets of another length": lambda: sequence_loss(noise(1, B, 6, 7), torch.zeros(B, 5, dtype=torch.int64)),
}


@pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in REFUSED.items()])
def test_a_shape_that_is_not_the_documented_one_is_refused(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeCheckError):
        call()


def test_the_refusal_names_the_argument_and_the_shape() -> None:
    with pytest.raises(TypeCheckError) as caught:
        lstm_step(X, H[:2], C, ROLES)
    assert "parameters of reference.cells.lstm.lstm_step" in str(caught.value)
    assert "parameter 'h'" in str(caught.value)
    assert "f64[2,4]" in str(caught.value)


def test_documented_shapes_pass_with_and_without_leading_axes() -> None:
    many = {name: role(10 * place, 6) for place, name in enumerate("ifgo")}
    assert lstm_step(X, H, C, ROLES)[0].shape == (B, N)
    assert lstm_step(X, H, C, many)[0].shape == (6, B, N)


def answers() -> list[Any]:
    """Public functions of every package that is checked, as far as it is there."""
    found = []
    for package in pkgutil.iter_modules(reference.__path__):
        if package.name in ANSWERS:
            home = importlib.import_module(f"reference.{package.name}")
            for module in pkgutil.iter_modules(home.__path__):
                held = importlib.import_module(f"{home.__name__}.{module.name}")
                own = [value for value in vars(held).values() if isinstance(value, FunctionType)]
                found += [value for value in own if value.__module__ == held.__name__ and value.__name__[0] != "_"]
    return found


@pytest.mark.parametrize("function", answers(), ids=lambda function: f"{function.__module__}.{function.__name__}")
def test_every_answer_is_checked(function: Any) -> None:
    assert inspect.unwrap(function) is not function


@pytest.mark.slow  # half a minute in child processes
def test_roles_keep_their_documented_shapes_in_the_tests_of_the_cells() -> None:
    names = ("reference_cells", "peephole_cell", "phased_cell", "simplified_cell", "networks_parts")
    tests = [str(ROOT / "tests" / "unit" / "reference" / f"test_{name}.py") for name in names]
    checked = "--jaxtyping-packages=reference.cells.roles,beartype.beartype"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", checked, *tests],
        cwd=ROOT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_role_of_mixed_sizes_is_refused_there() -> None:
    program = """
from jaxtyping import TypeCheckError, install_import_hook
install_import_hook("reference.cells.roles", "beartype.beartype")
import torch
from reference.cells.roles import Role
parts = dict(W_x=torch.zeros(4, 5), W_h=torch.zeros(4, 4), b_x=torch.zeros(4), b_h=torch.zeros(4))
Role(**parts)
for name in ("W_h", "b_x"):
    try:
        Role(**parts | {name: torch.zeros(3)})
    except TypeCheckError:
        print("refused", name)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "refused W_h\nrefused b_x\n"
