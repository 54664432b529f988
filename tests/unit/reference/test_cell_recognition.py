"""Cells are recognised by what they compute, in whatever layout they keep their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from helpers.observations import F64, LAYOUTS, StudentCell, gate_orders, observe_cell
from torch import Tensor, nn, sigmoid, tanh

from reference.cells import Step, StepInputs
from reference.mistakes import cell_mistakes
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

WRONG = [
    (family, entry.mistake.id)
    for family in ("lstm", "gru", "rnn_tanh")
    for entry in cell_mistakes(FAMILIES[family].prefix)
    if entry.mistake.effect == "wrong" and entry.mistake.id != "rnn.tanh_for_relu"
] + [("rnn_relu", "rnn.tanh_for_relu"), ("rnn_relu", "rnn.leaky_relu"), ("rnn_relu", "rnn.residual")]
RELABELLED = [
    (family, entry.mistake.id)
    for family in ("lstm", "gru", "rnn_tanh")
    for entry in cell_mistakes(FAMILIES[family].prefix)
    if entry.mistake.effect == "equivalent" and not entry.searched and ".correct" not in entry.mistake.id
]


def student(family: str, formula: str, layout: str = "fused", **options: Any) -> StudentCell:
    return StudentCell(family, formula, *FAMILIES[family].probe_sizes, layout=layout, **options)


def judged(
    family: str, formula: str, layout: str = "fused", policy: Mapping[str, str] | None = None, **options: Any
) -> CellVerdict:
    return ORACLE.recognise_cell(
        family, observe_cell(student(family, formula, layout, **options), family), policy or {}
    )


def own(family: str, step: Step, layout: str = "fused") -> CellVerdict:
    """The verdict on a cell with a step of the test's own."""
    cell = student(family, FAMILIES[family].plain, layout)
    cell.step = step
    return ORACLE.recognise_cell(family, observe_cell(cell, family), {})


def lstm(i: Tensor, f: Tensor, g: Tensor, o: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    new = f * c + i * g
    return o * tanh(new), new


# ------------------------------------------------------------------------------------------------ right cells


@pytest.mark.parametrize("order", gate_orders("lstm"))
def test_an_lstm_is_exact_in_every_order_of_its_gates(order: str) -> None:
    assert judged("lstm", "lstm.correct", order=order).status == "exact"


@pytest.mark.parametrize("order", gate_orders("gru"))
def test_a_gru_is_exact_in_every_order_of_its_gates(order: str) -> None:
    assert judged("gru", "gru.correct_after", order=order).status == "exact"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
def test_the_plain_form_is_exact_in_every_layout(family: str, layout: str) -> None:
    verdict = judged(family, FAMILIES[family].plain, layout)
    assert (verdict.status, verdict.mistakes) == ("exact", ())
    assert verdict.formula == FAMILIES[family].plain
    assert verdict.nearest[0] == (FAMILIES[family].plain, 0.0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("gru.correct_after_conv2", "update gate weights the candidate; reset after the product"),
        ("gru.correct_before", "update gate weights the old state; reset before the product"),
        ("gru.correct_before_conv2", "update gate weights the candidate; reset before the product"),
    ],
)
def test_other_published_grus_are_equivalent_in_every_layout(formula: str, words: str, layout: str) -> None:
    verdict = judged("gru", formula, layout)
    assert (verdict.status, verdict.convention, verdict.formula) == ("equivalent", words, formula)


@pytest.mark.parametrize(("family", "formula"), RELABELLED)
@pytest.mark.parametrize("layout", ["fused", "hx"])
def test_relabelled_forms_earn_full_marks(family: str, formula: str, layout: str) -> None:
    assert judged(family, formula, layout).status == "exact"


@pytest.mark.parametrize("family", ["lstm", "gru", "rnn_tanh"])
@pytest.mark.parametrize("layout", ["fused", "separate", "hx", "raw", "stacked"])
def test_cells_without_biases_are_recognised(family: str, layout: str) -> None:
    assert judged(family, FAMILIES[family].plain, layout, bias=False).status == "exact"


@pytest.mark.parametrize(
    ("family", "make"),
    [
        ("lstm", lambda d, n: nn.LSTMCell(d, n, dtype=F64)),
        ("gru", lambda d, n: nn.GRUCell(d, n, dtype=F64)),
        ("rnn_tanh", lambda d, n: nn.RNNCell(d, n, dtype=F64)),
        ("rnn_relu", lambda d, n: nn.RNNCell(d, n, nonlinearity="relu", dtype=F64)),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_cells_of_torch_are_recognised_bare_and_wrapped(family: str, make: Any, wrapped: bool) -> None:
    class Wrapper(nn.Module):
        def __init__(self, cell: nn.Module) -> None:
            super().__init__()
            self.cell = cell

        def forward(self, x: Tensor, hx: Any) -> Any:
            return self.cell(x, hx)

    cell = make(*FAMILIES[family].probe_sizes)
    verdict = ORACLE.recognise_cell(family, observe_cell(Wrapper(cell) if wrapped else cell, family), {})
    assert verdict.status == "exact"


@pytest.mark.parametrize("family", ["lstm", "gru", "rnn_tanh"])
def test_single_precision_has_tolerances_of_its_own(family: str) -> None:
    cell = student(family, FAMILIES[family].plain)
    seen = observe_cell(cell, family, dtype=torch.float32)
    assert ORACLE.recognise_cell(family, seen, {}).status == "exact"


def test_a_parameter_without_effect_is_noted_and_does_no_harm() -> None:
    cell = student("lstm", "lstm.correct")
    cell.attention = nn.Linear(3, 1, dtype=F64)
    verdict = ORACLE.recognise_cell("lstm", observe_cell(cell, "lstm"), {})
    assert verdict.status == "exact"
    assert "parameter attention.weight has no effect" in verdict.notes


# ------------------------------------------------------------------------------------------------ wrong cells


@pytest.mark.parametrize(("family", "formula"), WRONG)
def test_a_wrong_formula_is_named(family: str, formula: str) -> None:
    verdict = judged(family, formula)
    assert (verdict.status, verdict.mistakes, verdict.formula) == ("mistake", (formula,), formula)


@pytest.mark.parametrize("reset_first", [False, True])
def test_a_wrong_gru_is_named_in_the_other_conventions(reset_first: bool) -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        r, z = sigmoid(s.pre("r")), sigmoid(s.pre("z"))
        recurrent = s.state_part("n", r * s.h) if reset_first else r * s.state_part("n")
        return ((1 - z) * s.h + z * sigmoid(s.input_part("n") + recurrent),)

    verdict = own("gru", step)
    assert verdict.mistakes == ("gru.candidate_sigmoid",)
    assert verdict.convention.startswith("update gate weights the candidate")


def test_hidden_memory_is_named() -> None:
    class Stateful(nn.LSTMCell):
        calls = 0

        def forward(self, x: Tensor, hx: Any = None) -> Any:
            self.calls += 1
            h, c = super().forward(x, hx)
            return h + 1e-3 * self.calls, c

    verdict = ORACLE.recognise_cell("lstm", observe_cell(Stateful(5, 3, dtype=F64), "lstm"), {})
    assert verdict.mistakes == ("cell.stateful",)


def test_samples_that_influence_each_other_are_named() -> None:
    assert own("rnn_tanh", lambda s: (tanh(s.pre("a") - s.h.mean(0)),)).mistakes == ("cell.samples_mixed",)


@pytest.mark.parametrize("layout", ["fused", "hx", "raw"])
def test_a_gate_with_another_gates_weights_is_named(layout: str) -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i = sigmoid(s.pre("i"))
        return lstm(i, i, tanh(s.pre("g")), sigmoid(s.pre("o")), s.c)

    assert own("lstm", step, layout).mistakes == ("cell.shared_weights",)


@pytest.mark.parametrize("layout", ["fused", "hx", "raw"])
def test_one_map_of_another_gate_is_named(layout: str) -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        f = sigmoid(s.input_part("f") + s.state_part("i"))
        return lstm(sigmoid(s.pre("i")), f, tanh(s.pre("g")), sigmoid(s.pre("o")), s.c)

    assert own("lstm", step, layout).mistakes == ("cell.shared_weights",)


@pytest.mark.parametrize(
    ("ignored", "mistake"), [("h", "cell.dead_block_h"), ("x", "cell.dead_block_x"), ("hx", "cell.dead_block_hx")]
)
def test_one_gate_that_misses_a_map_is_named(ignored: str, mistake: str) -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        f = s.input_part("f") if "h" in ignored else s.pre("f")
        o = s.state_part("o") if "x" in ignored else s.pre("o")
        return lstm(sigmoid(s.pre("i")), sigmoid(f), tanh(s.pre("g")), sigmoid(o), s.c)

    verdict = own("lstm", step)
    assert verdict.mistakes == (mistake,)
    assert any("ignores" in note for note in verdict.notes)


@pytest.mark.parametrize("layout", ["fused", "hx", "raw"])
def test_a_state_that_is_cut_off_in_one_place_only_is_never_exact(layout: str) -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i, f, o = (sigmoid(s.pre(role)) for role in ("i", "f", "o"))
        return lstm(i, f, tanh(s.pre("g")), o, s.c.detach())

    assert own("lstm", step, layout).mistakes == ("lstm.detached_state",)


def test_weights_that_are_partly_cut_off_from_the_gradient_are_never_exact() -> None:
    cell = student("lstm", "lstm.correct")
    seen = observe_cell(cell, "lstm")
    halved = {name: value * (0.5 if name == "x2h.weight" else 1.0) for name, value in seen["jacobian"].items()}
    verdict = ORACLE.recognise_cell("lstm", seen | {"jacobian": halved}, {})
    assert verdict.status not in ("exact", "equivalent")


def test_two_faults_at_once_have_no_name_but_are_wrong_for_certain() -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i, f, o = sigmoid(s.pre("i")), sigmoid(s.pre("f")), tanh(s.pre("o"))
        return lstm(i, f, sigmoid(s.pre("g")), o, s.c)

    verdict = own("lstm", step)
    assert (verdict.status, verdict.mistakes, verdict.formula) == ("unnamed", (), None)
    assert verdict.nearest[0][1] > 0


def test_what_enters_in_an_unknown_way_is_left_to_a_person() -> None:
    class Peephole(StudentCell):
        def __init__(self) -> None:
            super().__init__("lstm", "lstm.correct", 5, 3)
            self.p = nn.Parameter(torch.full((3,), 0.4, dtype=F64))

    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i, f = (sigmoid(s.pre(role) + cell.p * s.c) for role in ("i", "f"))
        return lstm(i, f, tanh(s.pre("g")), sigmoid(s.pre("o")), s.c)

    cell = Peephole()
    cell.step = step
    verdict = ORACLE.recognise_cell("lstm", observe_cell(cell, "lstm"), {})
    assert verdict.status == "unrecognised"
    assert verdict.notes == ("parameter p enters in a way that is not known",)


def test_too_many_sums_are_left_to_a_person() -> None:
    cell = student("gru", "gru.correct_after")
    cell.extra = nn.Linear(5, 4, dtype=F64)

    def step(s: StepInputs) -> tuple[Tensor, ...]:
        r, z = sigmoid(s.pre("r")), sigmoid(s.pre("z"))
        n = tanh(s.input_part("n") + r * s.state_part("n"))
        return (z * s.h + (1 - z) * n * sigmoid(cell.extra(s.x)),)

    cell.step = step
    verdict = ORACLE.recognise_cell("gru", observe_cell(cell, "gru"), {})
    assert verdict.status in ("unrecognised", "unnamed")
    assert verdict.status != "unnamed" or len(verdict.notes) == 0


# ------------------------------------------------------------------------------------------------ constants and policy


@pytest.mark.parametrize("layout", ["fused", "hx", "raw"])
@pytest.mark.parametrize("constant", [1.0, 2.5])
def test_a_constant_in_the_forget_gate_is_accepted(constant: float, layout: str) -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i, f, o = sigmoid(s.pre("i")), sigmoid(s.pre("f") + constant), sigmoid(s.pre("o"))
        return lstm(i, f, tanh(s.pre("g")), o, s.c)

    assert own("lstm", step, layout).status == "equivalent"


def test_other_hidden_constants_are_left_to_a_person() -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i, f, o = sigmoid(2 * s.pre("i")), sigmoid(s.pre("f")), sigmoid(s.pre("o"))
        return lstm(i, f, tanh(s.pre("g")), o, s.c)

    verdict = own("lstm", step)
    assert verdict.status == "unrecognised"
    assert verdict.notes == ("right but for a constant: sum of i multiplied by 2",)


@pytest.mark.parametrize("constant", [1.0, 2.5])
def test_a_policy_can_refuse_the_constant_in_the_forget_gate(constant: float) -> None:
    cell = student("lstm", "lstm.correct")

    def step(s: StepInputs) -> tuple[Tensor, ...]:
        i, f, o = sigmoid(s.pre("i")), sigmoid(s.pre("f") + constant), sigmoid(s.pre("o"))
        return lstm(i, f, tanh(s.pre("g")), o, s.c)

    cell.step = step
    verdict = ORACLE.recognise_cell("lstm", observe_cell(cell, "lstm"), {"forget_bias": "mistake"})
    assert (verdict.status, verdict.mistakes) == ("mistake", ("lstm.forget_bias_plus1",))


@pytest.mark.parametrize(
    ("policy", "formula", "status"),
    [
        ({"gru.reset": "after"}, "gru.correct_after", "exact"),
        ({"gru.reset": "after"}, "gru.correct_before", "mistake"),
        ({"gru.reset": "before"}, "gru.correct_before", "equivalent"),
        ({"gru.reset": "before"}, "gru.correct_after", "mistake"),
        ({"gru.update": "1"}, "gru.correct_after_conv2", "mistake"),
        ({"gru.update": "2"}, "gru.correct_after_conv2", "equivalent"),
        ({"gru.update": "2", "gru.reset": "before"}, "gru.correct_before_conv2", "equivalent"),
        ({"gru.update": "any", "gru.reset": "any"}, "gru.correct_before_conv2", "equivalent"),
    ],
)
def test_a_policy_can_ask_for_one_form_of_the_gru(policy: dict[str, str], formula: str, status: str) -> None:
    verdict = judged("gru", formula, policy=policy)
    assert verdict.status == status
    assert verdict.mistakes == ((formula,) if status == "mistake" else ())


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(ValueError, match="family must be one of"):
        ORACLE.recognise_cell("transformer", {}, {})
