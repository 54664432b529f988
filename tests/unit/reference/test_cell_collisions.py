"""Where formulas look alike - zero states, zero biases, saturated gates - a verdict is never a guess."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from helpers.observations import StudentCell, make_cell, observe_cell
from torch import nn

from reference.mistakes import cell_mistakes
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

RIGHT = ("exact", "equivalent")
NO_GUESS = ("exact", "equivalent", "unrecognised")
LSTM_AT_ZERO = [
    "lstm.correct",
    "lstm.forget_gate_tanh",
    "lstm.no_forget_gate",
    "lstm.coupled_gates_i",
    "lstm.forget_inverted",
    "lstm.c_prev_dropped",
    "lstm.candidate_from_c",
    "lstm.gates_from_c",
    "lstm.state_unpacked_swapped",
]
GRU_AT_ZERO = [
    "gru.correct_after",
    "gru.correct_before",
    "gru.reset_twice",
    "gru.reset_on_carry",
    "gru.plain_sum",
    "gru.no_reset",
    "gru.no_update",
    "gru.no_complement",
    "gru.same_gate_both",
    "gru.r_and_z_blend",
]
RNN_AT_ZERO = ["rnn.correct_tanh", "rnn.residual", "rnn.activation_split", "rnn.act_on_x_only", "rnn.ignore_h"]
AT_ZERO = [
    *(("lstm", name) for name in LSTM_AT_ZERO),
    *(("gru", name) for name in GRU_AT_ZERO),
    *(("rnn_tanh", name) for name in RNN_AT_ZERO),
]


def formulas(family: str, effect: str) -> list[tuple[str, str]]:
    entries = cell_mistakes(FAMILIES[family].prefix)
    skipped = ("rnn.tanh_for_relu", "rnn.correct_relu")
    return [(family, e.mistake.id) for e in entries if e.mistake.effect == effect and e.mistake.id not in skipped]


BAD = [pair for family in ("lstm", "gru", "rnn_tanh") for pair in formulas(family, "wrong")]
GOOD = [pair for family in ("lstm", "gru", "rnn_tanh") for pair in formulas(family, "equivalent")]


def mostly_slow(pairs: list[tuple[str, str]]) -> list[Any]:
    """The pairs as parameters; all but each twelfth run in the slow tests only."""
    return [pytest.param(*pair, marks=[pytest.mark.slow] if place % 12 else []) for place, pair in enumerate(pairs)]


def with_zero_states(cell: nn.Module, family: str, where: str) -> dict[str, Any]:
    """Evidence whose states are zero: everywhere, or only where derivatives were taken."""
    seen = observe_cell(cell, family)
    state = FAMILIES[family].has_cell_state

    def step(x: torch.Tensor, h: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = cell(x, (h, h)) if state else cell(x, h)
        return tuple(value.detach() for value in (found if state else (found,)))

    x, zero = seen["x"], torch.zeros_like(seen["h"])
    leaves = {"x": x.clone().requires_grad_(), "h": zero.clone().requires_grad_()}
    if state:
        leaves["c"] = zero.clone().requires_grad_()
    found = cell(leaves["x"], (leaves["h"], leaves["c"])) if state else cell(leaves["x"], leaves["h"])
    flat = torch.cat([value.flatten() for value in (found if state else (found,))])
    targets = leaves | dict(cell.named_parameters())
    rows = torch.autograd.grad(
        flat, list(targets.values()), torch.eye(len(flat), dtype=flat.dtype), is_grads_batched=True, allow_unused=True
    )
    seen["jacobian"] = {
        name: torch.zeros(len(flat), *value.shape, dtype=flat.dtype) if row is None else row
        for (name, value), row in zip(targets.items(), rows, strict=True)
    }
    seen |= {"h": zero, "outputs": step(x, zero)} | ({"c": zero} if state else {})
    if where == "everywhere":
        for trial in seen["trials"]:
            nothing = torch.zeros_like(trial["h"])
            trial |= {"h": nothing, "c": nothing, "outputs": step(trial["x"], nothing)}
        seen["repeated"] = seen["trials"][0]["outputs"]
    return seen


@pytest.mark.parametrize("where", ["everywhere", "at the point"])
@pytest.mark.parametrize(("family", "formula"), AT_ZERO)
def test_zero_states_lead_to_no_verdict(family: str, formula: str, where: str) -> None:
    cell = StudentCell(family, formula, *FAMILIES[family].probe_sizes)
    verdict = ORACLE.recognise_cell(family, with_zero_states(cell, family, where), {})
    assert (verdict.status, verdict.mistakes) == ("unrecognised", ())
    assert "is zero where derivatives were taken" in verdict.notes[0]


def judged(family: str, formula: str, seed: int = 0, layout: str = "fused", **options: Any) -> CellVerdict:
    sizes = options.pop("sizes", None)
    cell = make_cell(family, formula, layout, sizes=sizes, seed=seed, **options)
    return ORACLE.recognise_cell(family, observe_cell(cell, family, seed=seed, sizes=sizes), {})


def zero_biases(cell: nn.Module) -> nn.Module:
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            if "bias" in name:
                parameter.zero_()
    return cell


@pytest.mark.parametrize(("family", "formula"), mostly_slow(BAD))
def test_biases_of_zero_hide_no_mistake(family: str, formula: str) -> None:
    cell = zero_biases(make_cell(family, formula, "fused"))
    assert ORACLE.recognise_cell(family, observe_cell(cell, family), {}).mistakes == (formula,)


@pytest.mark.parametrize(("family", "formula"), mostly_slow(GOOD))
def test_biases_of_zero_do_no_harm(family: str, formula: str) -> None:
    cell = zero_biases(make_cell(family, formula, "fused"))
    assert ORACLE.recognise_cell(family, observe_cell(cell, family), {}).status in RIGHT


@pytest.mark.parametrize(("family", "formula"), mostly_slow(BAD))
def test_an_input_as_large_as_the_state_hides_no_mistake(family: str, formula: str) -> None:
    for layout in ("fused", "hx", "raw"):
        assert judged(family, formula, layout=layout, sizes=(5, 5)).mistakes == (formula,)


@pytest.mark.parametrize(("family", "formula"), mostly_slow(GOOD))
def test_an_input_as_large_as_the_state_does_no_harm(family: str, formula: str) -> None:
    for layout in ("separate", "xh", "stacked"):
        assert judged(family, formula, layout=layout, sizes=(5, 5)).status in RIGHT


@pytest.mark.parametrize(("family", "formula"), mostly_slow(BAD))
@pytest.mark.parametrize("scale", [8.0, 35.0])
def test_saturated_gates_hide_no_mistake(family: str, formula: str, scale: float) -> None:
    assert all(judged(family, formula, seed, scale=scale).status not in RIGHT for seed in range(3))


@pytest.mark.parametrize(("family", "formula"), mostly_slow(GOOD))
@pytest.mark.parametrize("scale", [8.0, 35.0])
def test_a_right_cell_with_saturated_gates_is_never_called_wrong(family: str, formula: str, scale: float) -> None:
    assert {judged(family, formula, seed, scale=scale).status for seed in range(3)} <= set(NO_GUESS)


def test_saturation_is_said() -> None:
    verdict = judged("lstm", "lstm.correct", 5, scale=300.0)
    assert verdict.status == "unrecognised"
