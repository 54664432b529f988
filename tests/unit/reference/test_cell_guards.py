"""What no formula says: memory, chance, samples that meet, numbers that are no parameters, changed inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from helpers.observations import F64, StudentCell, make_cell, noise, observe_cell
from torch import Tensor, nn, sigmoid, tanh

from reference.cells import Role, StepInputs
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict, judge
from reference.recognition.assignments import MAX_CANDIDATES, assignments
from reference.recognition.formulas import accepted_formulas, named_formulas

PLAIN = [(family, FAMILIES[family].plain) for family in FAMILIES] + [("gru", "gru.correct_before")]


def judged(cell: nn.Module, family: str) -> CellVerdict:
    return ORACLE.recognise_cell(family, observe_cell(cell, family), {})


def changed(family: str, formula: str, change: Callable[[int, Role], Role], layout: str = "fused") -> CellVerdict:
    """The verdict on a cell whose roles are changed before they are used."""
    cell = StudentCell(family, formula, *FAMILIES[family].probe_sizes, layout=layout)
    roles = cell.roles
    cell.roles = lambda: {name: change(place, role) for place, (name, role) in enumerate(roles().items())}  # type: ignore[method-assign]
    return judged(cell, family)


# ------------------------------------------------------------------------------------------------ memory and chance


def test_a_cell_that_counts_its_calls_is_named() -> None:
    class Counting(nn.GRUCell):
        calls = 0

        def forward(self, x: Tensor, hx: Any = None) -> Tensor:
            self.calls += 1
            return super().forward(x, hx) * (1 + 1e-6 * self.calls)

    assert judged(Counting(5, 4, dtype=F64), "gru").mistakes == ("cell.stateful",)


def test_a_cell_that_throws_dice_is_named() -> None:
    class Dropping(nn.RNNCell):
        def forward(self, x: Tensor, hx: Any = None) -> Tensor:
            return nn.functional.dropout(super().forward(x, hx), 0.5)

    torch.manual_seed(3)
    assert judged(Dropping(5, 3, dtype=F64), "rnn_tanh").mistakes == ("cell.stateful",)


@pytest.mark.parametrize("statistic", ["mean", "batch norm"])
def test_samples_that_meet_are_named(statistic: str) -> None:
    class Normed(nn.LSTMCell):
        def forward(self, x: Tensor, hx: Any = None) -> Any:
            h, c = super().forward(x, hx)
            if statistic == "mean":
                return h - 0.1 * h.mean(0), c
            return nn.functional.batch_norm(h, None, None, training=True), c

    assert judged(Normed(5, 3, dtype=F64), "lstm").mistakes == ("cell.samples_mixed",)


# ------------------------------------------------------------------------------------------------ gradients cut off


@pytest.mark.parametrize(("family", "formula"), [pair for pair in PLAIN if pair[0] != "lstm"])
def test_a_state_without_gradient_is_named(family: str, formula: str) -> None:
    cell = StudentCell(family, formula, *FAMILIES[family].probe_sizes)
    step = cell.step
    cell.step = lambda s: step(s.with_state(h=s.h.detach(), c=s.c.detach()))
    assert judged(cell, family).mistakes == (f"{FAMILIES[family].prefix}.detached_state",)


@pytest.mark.parametrize(("family", "formula"), PLAIN)
def test_an_input_without_gradient_is_never_accepted(family: str, formula: str) -> None:
    cell = StudentCell(family, formula, *FAMILIES[family].probe_sizes)
    step = cell.step
    cell.step = lambda s: step(replace(s, x=s.x.detach()))
    verdict = judged(cell, family)
    assert (verdict.status, verdict.mistakes) == ("unnamed", ())
    assert verdict.notes[0] == "the outputs agree, the gradients do not"


@pytest.mark.parametrize(("family", "formula"), PLAIN)
def test_weights_without_gradient_are_left_to_a_person(family: str, formula: str) -> None:
    verdict = changed(
        family, formula, lambda _, r: Role(W_x=r.W_x.data, W_h=r.W_h.data, b_x=r.b_x.data, b_h=r.b_h.data)
    )
    assert verdict.status == "unrecognised"
    assert verdict.notes[0] == "the outputs depend on no registered parameter"


# ------------------------------------------------------------------------------------------------ unregistered numbers


def plain(seed: int, like: Tensor) -> Tensor:
    return 0.7 * noise(900 + seed, *like.shape)


def scaled(role: Role, factor: Tensor) -> Role:
    rows = factor[:, None]
    return Role(W_x=role.W_x * rows, W_h=role.W_h * rows, b_x=role.b_x * factor, b_h=role.b_h * factor)


OUTSIDE: dict[str, tuple[Callable[[int, Role], Role], str]] = {
    "every bias": (lambda k, r: replace(r, b_x=plain(k, r.b_x), b_h=0 * r.b_h), "numbers that are not parameters"),
    "a bias beside a parameter": (lambda k, r: replace(r, b_x=r.b_x + plain(k, r.b_x)), "numbers that are not param"),
    "every map of the state": (lambda k, r: replace(r, W_h=plain(k, r.W_h)), "h also enters by numbers"),
    "every map of the input": (lambda k, r: replace(r, W_x=plain(k, r.W_x)), "x also enters by numbers"),
    "one map of the state": (lambda k, r: r if k else replace(r, W_h=plain(k, r.W_h)), "h also enters by numbers"),
    "one map of the input": (lambda k, r: r if k else replace(r, W_x=plain(k, r.W_x)), "x also enters by numbers"),
    "a factor on one map": (lambda k, r: r if k else replace(r, W_x=2 * r.W_x, b_x=2 * r.b_x), "constant factors"),
    "a factor for each unit": (lambda k, r: scaled(r, 1 + 0.3 * noise(900 + k, len(r.b_x))), "right but for constants"),
    "everything": (
        lambda k, r: Role(
            W_x=plain(k, r.W_x), W_h=plain(k + 9, r.W_h), b_x=plain(k + 18, r.b_x), b_h=plain(k + 27, r.b_h)
        ),
        "depend on no registered parameter",
    ),
}


@pytest.mark.parametrize("layout", ["fused", *(pytest.param(name, marks=pytest.mark.slow) for name in ("hx", "raw"))])
@pytest.mark.parametrize("kept", OUTSIDE)
@pytest.mark.parametrize(("family", "formula"), PLAIN)
def test_numbers_kept_outside_parameters_are_left_to_a_person(
    family: str, formula: str, kept: str, layout: str
) -> None:
    change, words = OUTSIDE[kept]
    verdict = changed(family, formula, change, layout)
    assert (verdict.status, verdict.mistakes) == ("unrecognised", ())
    assert any(words in note for note in verdict.notes), verdict.notes


def test_a_bias_of_the_gated_part_outside_parameters_is_left_to_a_person() -> None:
    verdict = changed("gru", "gru.correct_after", lambda k, r: replace(r, b_h=plain(k, r.b_h)))
    assert verdict.status == "unrecognised"
    assert "right but for constants" in verdict.notes[0]


def test_a_buffer_of_ones_does_no_harm() -> None:
    class Masked(nn.LSTMCell):
        def __init__(self) -> None:
            super().__init__(5, 3, dtype=F64)
            self.register_buffer("mask", torch.ones(3, dtype=F64))

        def forward(self, x: Tensor, hx: Any = None) -> Any:
            h, c = super().forward(x, hx)
            return h * self.mask, c * self.mask

    assert judged(Masked(), "lstm").status == "exact"


def test_a_buffer_that_scales_the_outputs_is_never_accepted() -> None:
    class Scaled(nn.LSTMCell):
        def __init__(self) -> None:
            super().__init__(5, 3, dtype=F64)
            self.register_buffer("factor", torch.tensor([0.5, 2.0, 1.5], dtype=F64))

        def forward(self, x: Tensor, hx: Any = None) -> Any:
            h, c = super().forward(x, hx)
            return h * self.factor, c

    assert judged(Scaled(), "lstm").status == "unnamed"


# ------------------------------------------------------------------------------------------------ changes in place


def test_a_right_cell_that_changes_its_inputs_in_place_is_accepted() -> None:
    class InPlace(StudentCell):
        def forward(self, input: Tensor, hx: Any = None) -> Any:
            h, c = hx
            i, f, g, o = (self.roles()[name](input, h) for name in "ifgo")
            c.mul_(sigmoid(f)).add_(sigmoid(i) * tanh(g))
            return sigmoid(o) * tanh(c), c

    assert judged(InPlace("lstm", "lstm.correct", 5, 3), "lstm").status == "exact"


def test_a_cell_that_reads_what_it_has_changed_is_never_accepted() -> None:
    class TooEarly(StudentCell):
        def forward(self, input: Tensor, hx: Any = None) -> Any:
            r, z, n = (self.roles()[name] for name in "rzn")
            update, reset = sigmoid(z(input, hx.clone())), sigmoid(r(input, hx.clone()))
            hx.mul_(reset)
            return update * hx + (1 - update) * tanh(n(input, hx.clone()))

    verdict = judged(TooEarly("gru", "gru.correct_before", 5, 4), "gru")
    assert verdict.mistakes == ("gru.reset_on_carry",)
    assert verdict.convention == "reset before the product"


# ------------------------------------------------------------------------------------------------ gates that share


@pytest.mark.parametrize("family", ["lstm", "gru"])
def test_two_gates_with_one_map_are_named(family: str) -> None:
    cell = StudentCell(family, FAMILIES[family].plain, *FAMILIES[family].probe_sizes)
    roles, (one, other) = cell.roles, {"lstm": ("i", "o"), "gru": ("r", "z")}[family]
    cell.roles = lambda: {**(found := roles()), one: found[other]}  # type: ignore[method-assign]
    assert judged(cell, family).mistakes == ("cell.shared_weights",)


@pytest.mark.parametrize("role", "ifgo")
@pytest.mark.parametrize("source", ["x", "h"])
def test_a_gate_that_misses_a_map_is_named(role: str, source: str) -> None:
    cell = StudentCell("lstm", "lstm.correct", 5, 3)
    roles = cell.roles

    def without() -> dict[str, Role]:
        found = roles()
        weight = torch.zeros_like(getattr(found[role], f"W_{source}"))
        return {**found, role: replace(found[role], **{f"W_{source}": weight})}

    cell.roles = without  # type: ignore[method-assign]
    verdict = judged(cell, "lstm")
    assert verdict.mistakes == (f"cell.dead_block_{source}",)
    assert verdict.notes[0] == f"{role} ignores {source}"


def test_a_step_of_ones_own_reads_its_formula_only_through_roles() -> None:
    """The helper really runs the step that it is given: a cell that returns its state is no cell at all."""
    cell = StudentCell("gru", "gru.correct_after", 5, 4)
    cell.step = lambda s: (s.h * 1.0,)
    verdict = judged(cell, "gru")
    assert (verdict.status, verdict.mistakes) == ("unrecognised", ())


def test_inputs_that_pass_through_functions_are_not_guessed_at() -> None:
    def step(s: StepInputs) -> tuple[Tensor, ...]:
        squared = replace(s, x=s.x**2)
        return (tanh(squared.pre("a")),)

    cell = StudentCell("rnn_tanh", "rnn.correct_tanh", 5, 3)
    cell.step = step
    assert judged(cell, "rnn_tanh").status == "unrecognised"


# ------------------------------------------------------------------------------------------------ effort


def tried_for(cell: nn.Module, family: str) -> tuple[CellVerdict, int]:
    """The verdict, and how many assignments of sums to roles were put into formulas."""
    counted = []

    def search(family: Any, formulas: Any, pieces: Any, units: Any, seen: Any) -> Any:
        counted.append(len(units) * len(formulas))
        return found(family, formulas, pieces, units, seen)

    found = judge.search
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "search", search)
        return judged(cell, family), sum(counted)


def test_a_right_cell_is_found_among_as_many_assignments_as_gates_have_orders() -> None:
    for layout in ("fused", "separate", "raw"):
        assert tried_for(make_cell("lstm", "lstm.correct", layout), "lstm")[1] == 24
        assert tried_for(make_cell("gru", "gru.correct_after", layout), "gru")[1] <= 4 * 6


def test_maps_that_stand_alone_are_joined_in_576_ways_and_no_more() -> None:
    verdict, tried = tried_for(make_cell("lstm", "lstm.xh_multiplied", "separate"), "lstm")
    formulas = len(accepted_formulas(FAMILIES["lstm"])) + len(named_formulas(FAMILIES["lstm"]))
    assert verdict.mistakes == ("lstm.xh_multiplied",)
    assert tried == 576 * formulas


def test_eight_gates_are_not_searched_at_all() -> None:
    cell = make_cell("gru", "gru.correct_after", "fused")
    cell.more = nn.ModuleList(nn.Linear(5, 4, dtype=F64) for _ in range(5))
    step = cell.step
    cell.step = lambda s: (step(s)[0] * sum(torch.tanh(part(s.x)) * (1 + k) for k, part in enumerate(cell.more)),)
    verdict, tried = tried_for(cell, "gru")
    assert (verdict.status, tried) == ("unrecognised", 0)
    assert "8 separate sums were found; 3 are expected" in verdict.notes


def test_the_number_of_assignments_has_a_ceiling() -> None:
    pieces = SimpleNamespace(full=(), input_only=tuple(range(6)), state_only=tuple(range(6)), units=6)
    ways = assignments(pieces, 6)  # type: ignore[arg-type]  # only these four are read
    assert (len(ways.units), ways.complete) == (MAX_CANDIDATES, False)
