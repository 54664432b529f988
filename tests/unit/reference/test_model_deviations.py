"""Every deviation in the catalogue, planted in every mode: named, never accepted, and said as an edge if it is one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
import torch
from helpers.model_observations import StudentModel, observe_model, student_cells
from helpers.observations import F64, StudentCell, observe_cell
from torch import Tensor, nn

from reference.cells import Role
from reference.mistakes import ModelMistake, all_mistakes, model_mistakes
from reference.models.network import Network
from reference.oracle import ORACLE
from reference.recognition import FAMILIES, CellVerdict

SIZES = (6, 6, 3, 3)
ARCHITECTURES = ("stacked", "bidirectional")
CELLS = [(family.name, family.plain) for family in FAMILIES.values()] + [("lstm", "lstm.no_output_tanh")]
"""A family, and the formula of the cells: right ones in every mode, and a wrong one."""

LAST = r"not the hidden state of (backward )?layer 3 after call 5"
EDGES = {
    "model.first_step_output": rf"reads the hidden state of layer 3 after call 1, {LAST}",
    "model.skips_last_step": rf"reads the hidden state of layer 3 after call 4, {LAST}",
    "model.mean_pool": rf"reads the mean over time of the hidden states of layer 3, {LAST}",
    "model.max_pool": rf"reads the largest of the hidden states of layer 3 over time, {LAST}",
    "model.sum_pool": rf"reads the sum over time of the hidden states of layer 3, {LAST}",
    "model.hidden_reset_each_step": "layer 1 starts from zeros at every step",
    "model.state_carried_between_layers": "layer 2 starts from the hidden state of layer 1 after call 5",
    "model.layers_not_stacked": "layer 2 reads the input, not layer 1",
    "model.only_first_layer": "layers 2 and 3 are never called",
    "model.same_cell_reused": "layer 2 is called 10 times for 5 steps",
    "model.lstm_uses_cell_output": rf"reads the cell state of layer 3 after call 5, {LAST}",
    "model.time_batch_swapped": "layer 1, call 1: reads sample 1 of the input with all its steps",
    "model.reversed_input": "layer 1, call 1: reads the input at step 5, not the input at step 1",
    "model.softmax_applied": "what is returned is the softmax of what the classifier computed",
    "model.log_softmax_applied": "what is returned is the log-softmax of what the classifier computed",
    "model.relu_before_fc": rf"reads the hidden state of layer 3 after call 5 without its negative values, {LAST}",
    "model.no_fc": "the classifier fc is never called",
    "model.all_steps": rf"reads the hidden states of layer 3 at all steps, {LAST}",
    "bidir.rev_not_realigned": rf"second half reads the hidden state of backward layer 3 after call 1, {LAST}",
    "bidir.rev_input_not_reversed": "backward layer 1, call 1: reads the input at step 1, not the input at step 5",
    "bidir.rev_input_not_reversed_last": "backward layer 1, call 1: reads the input at step 1, not the input at step 5",
    "bidir.rev_along_batch": "backward layer 1, call 1: reads the input at step 1 with its samples in reverse order",
    "bidir.rev_along_features": "backward layer 1, call 1: reads the input at step 1 with its features in",
    "bidir.rev_stack_fed_fwd_outputs": "backward layer 1, call 1: reads the hidden state of layer 3 after call 5",
    "bidir.rev_uses_fwd_cells": "layer 1 reads the input once more, from its end",
    "bidir.fwd_duplicated": rf"second half reads the hidden state of layer 3 after call 5, {LAST}",
    "bidir.fwd_first_step": rf"first half reads the hidden state of layer 3 after call 1, {LAST}",
    "bidir.both_mean": rf"second half reads the mean over time of the hidden states of backward layer 3, {LAST}",
    "bidir.sum_not_concat": "the classifier reads the sum of the hidden state of layer 3 after call 5 and",
}
"""What a student reads of each deviation that is an edge."""

NO_EDGE = {
    "model.detached_state",  # by gradients
    "model.wrong_nonlinearity",  # by the cells
    "model.bias_ignored",  # by what the constructor makes
    "model.no_value_error",
    # By the outputs of whole models that keep their cell inside; see `reference.sequences`.
    "model.skips_first_step",
    "model.state_not_reset",
}
RIGHT = {"bidir.concat_swapped", "bidir.layer_wise"}
"""Other ways of doing it, which earn full marks."""
SAME = {"bidir.both_at_t0": "bidir.fwd_first_step"}
"""The same thing by another name: only one of the two is looked for."""


@cache
def cell_verdict(family: str, formula: str) -> CellVerdict:
    cell = StudentCell(family, formula, *FAMILIES[family].probe_sizes)
    return ORACLE.recognise_cell(family, observe_cell(cell, family), {})


def judged(family: str, formula: str, architecture: str, model: nn.Module, *, known: bool = True) -> Any:
    cells = {"StudentCell": cell_verdict(family, formula) if known else None}
    return ORACLE.judge_model(architecture, observe_model(model, family, SIZES), cells, {})


def planted(entry: ModelMistake, family: str, formula: str, architecture: str) -> StudentModel:
    width = SIZES[1] if entry.mistake.id == "bidir.sum_not_concat" else None
    model = StudentModel(
        student_cells(family, formula),
        SIZES,
        bidirectional=architecture == "bidirectional",
        forward=entry.forward,
        classifier_width=width,
    )
    if entry.mistake.id == "bidir.layer_wise":
        for cells in (model.rnn_cell_list, model.rnn_cell_list_rev):
            for depth in range(1, len(cells)):
                cells[depth] = StudentCell(family, formula, 2 * SIZES[1], SIZES[1])
    return model


def can_be_planted(entry: ModelMistake, family: str) -> bool:
    """False for what a mode does not have: cells without a cell state, or built another way than by a loop."""
    if entry.mistake.id == "model.lstm_uses_cell_output":
        return FAMILIES[family].has_cell_state
    return entry.mistake.id != "model.wrong_nonlinearity"


def wanted(entry: ModelMistake, family: str) -> tuple[str, tuple[str, ...]]:
    name = entry.mistake.id
    if name in RIGHT:
        return "equivalent", ()
    if name == "model.relu_before_fc" and family == "rnn_relu":
        return "exact", ()  # relu twice is relu
    return "mistake", (name,)


def test_every_deviation_of_the_catalogue_is_an_edge_or_found_otherwise() -> None:
    known = {name for name in all_mistakes() if name.startswith(("model.", "bidir."))}
    known -= {"model.correct", "bidir.correct"}
    assert set(EDGES) | NO_EDGE | RIGHT | set(SAME) == known
    assert set(EDGES) & (NO_EDGE | RIGHT | set(SAME)) == set()


@pytest.mark.parametrize(("family", "formula"), CELLS, ids=[formula for _, formula in CELLS])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_deviation_is_named_and_said_in_every_mode(architecture: str, family: str, formula: str) -> None:
    missed = []
    for entry in model_mistakes(architecture):
        if not can_be_planted(entry, family):
            continue
        verdict = judged(family, formula, architecture, planted(entry, family, formula, architecture))
        status, mistakes = wanted(entry, family)
        edge = EDGES.get(entry.mistake.id, "") if mistakes else ""
        if (verdict.status, verdict.mistakes) != (status, mistakes) or not re.search(edge, "\n".join(verdict.edges)):
            missed.append((entry.mistake.id, verdict))
    assert missed == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_edge_is_said_where_nobody_knows_what_the_cells_compute(architecture: str) -> None:
    missed = []
    for entry in model_mistakes(architecture):
        if entry.mistake.id in EDGES:
            model = planted(entry, "lstm", "lstm.correct", architecture)
            verdict = judged("lstm", "lstm.correct", architecture, model, known=False)
            said = re.search(EDGES[entry.mistake.id], "\n".join(verdict.edges))
            if verdict.mistakes != (entry.mistake.id,) or not said:
                missed.append((entry.mistake.id, verdict))
    assert missed == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("asked", "built"), [("rnn_tanh", "rnn_relu"), ("rnn_relu", "rnn_tanh")])
def test_the_other_nonlinearity_is_named_in_both_modes(asked: str, built: str, architecture: str) -> None:
    model = StudentModel(student_cells(built, f"rnn.correct_{built[4:]}"), SIZES, architecture == "bidirectional")
    verdict = judged(asked, f"rnn.correct_{asked[4:]}", architecture, model)
    assert (verdict.status, verdict.mistakes) == ("mistake", ("model.wrong_nonlinearity",))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("family", list(FAMILIES))
def test_what_the_constructor_does_with_the_bias_is_no_fault_of_the_loop(family: str, bias: bool) -> None:
    formula = FAMILIES[family].plain
    model = StudentModel(student_cells(family, formula), SIZES, bias=bias)
    seen = {**observe_model(model, family, SIZES), "bias": not bias}
    verdict = ORACLE.judge_model("stacked", seen, {"StudentCell": cell_verdict(family, formula)}, {})
    assert verdict.status == "exact"


# ------------------------------------------------------------------------------------------------ right in other ways


class Written(nn.Module):
    """A right model, written in one of many ways."""

    def __init__(self, family: str, both: bool, way: str) -> None:
        super().__init__()
        d, n, layers, classes = SIZES
        make = student_cells(family, FAMILIES[family].plain)
        self.way, self.both, self.pairs = way, both, FAMILIES[family].has_cell_state
        self.stacks = [[make(d if i == 0 else n, n, True) for i in range(layers)] for _ in range(1 + both)]
        for name, stack in zip(("rnn_cell_list", "rnn_cell_list_rev"), self.stacks, strict=False):
            self._hold(name, stack)
        self.fc = nn.Linear(n * (1 + both), classes, dtype=F64)

    def _hold(self, name: str, stack: Sequence[nn.Module]) -> None:
        if self.way == "attributes":
            for place, cell in enumerate(stack):
                setattr(self, f"{name.replace('_list', '')}_{place}", cell)
        elif self.way == "a dict":
            setattr(self, name, nn.ModuleDict({f"layer{place}": cell for place, cell in enumerate(stack)}))
        else:
            setattr(self, name, nn.ModuleList(stack))

    def step(self, cell: nn.Module, x: Tensor, state: Any) -> Any:
        return cell.forward(x, state) if self.way == "forward called directly" else cell(x, state)

    def first(self, x: Tensor) -> Any:
        if self.way == "no first state":
            return None
        zeros = x.new_zeros(x.shape[0], SIZES[1])
        return (zeros, zeros) if self.pairs else zeros

    def by_layer(self, stack: Sequence[nn.Module], steps: list[Tensor]) -> list[Tensor]:
        for cell in stack:
            state, outputs = self.first(steps[0]), []
            for x in steps:
                state = self.step(cell, x, state)
                outputs.append(state[0] if self.pairs else state)
            steps = outputs
        return steps

    def by_time(self, stack: Sequence[nn.Module], steps: list[Tensor]) -> list[Tensor]:
        states: list[Any] = [self.first(steps[0]) for _ in stack]
        outputs = []
        for step in steps:
            x = step
            for place, cell in enumerate(stack):
                states[place] = self.step(cell, x, states[place])
                x = states[place][0] if self.pairs else states[place]
            outputs.append(x)
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        sweep = self.by_time if self.way == "time outside" else self.by_layer
        steps = list(x.unbind(1)) if self.way != "permuted" else list(x.permute(1, 0, 2))
        ends = [sweep(self.stacks[0], steps)[-1]]
        if self.both:
            back = sweep(self.stacks[1], steps[::-1])
            ends.append(back[::-1][0] if self.way == "realigned" else back[-1])
        joined = torch.cat([end.squeeze() if self.way == "squeezed" else end for end in ends], dim=1)
        return self.fc(joined)


WAYS = (
    "attributes",
    "a dict",
    "forward called directly",
    "no first state",
    "time outside",
    "permuted",
    "realigned",
    "squeezed",
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_right_model_is_right_however_it_is_written(architecture: str, way: str) -> None:
    found = {}
    for family, formula in CELLS[:4]:
        verdict = judged(family, formula, architecture, Written(family, architecture == "bidirectional", way))
        found[family] = (verdict.status, verdict.by, verdict.edges)
    assert set(found.values()) == {("exact", "replay", ())}


@pytest.mark.parametrize("way", WAYS)
def test_a_right_model_is_right_by_its_data_flow_where_its_cells_are_unknown(way: str) -> None:
    for architecture in ARCHITECTURES:
        model = Written("lstm", architecture == "bidirectional", way)
        verdict = judged("lstm", "lstm.correct", architecture, model, known=False)
        assert (verdict.status, verdict.by) == ("exact", "data flow")


def with_forget_constant(factor: float, shift: float) -> type[StudentCell]:
    """A class of cells whose forget gate has numbers of the student's own in its sum."""

    class Constant(StudentCell):
        def roles(self) -> dict[str, Role]:
            found = super().roles()
            f = found["f"]
            found["f"] = Role(W_x=factor * f.W_x, W_h=factor * f.W_h, b_x=factor * f.b_x + shift, b_h=factor * f.b_h)
            return found

    return Constant


def judged_with_constant(constant: type[StudentCell], architecture: str, forward: Any = Network.output) -> Any:
    cell = constant("lstm", "lstm.correct", *FAMILIES["lstm"].probe_sizes)
    verdict = ORACLE.recognise_cell("lstm", observe_cell(cell, "lstm"), {})
    assert verdict.layout is not None
    model = StudentModel(
        lambda d, n, bias: constant("lstm", "lstm.correct", d, n, bias=bias),
        SIZES,
        bidirectional=architecture == "bidirectional",
        forward=forward,
    )
    return ORACLE.judge_model(architecture, observe_model(model, "lstm", SIZES), {"Constant": verdict}, {})


@pytest.mark.parametrize(
    ("factor", "shift"), [(1.0, 1.0), (2.0, 0.0), (0.70710678118654752, 0.0), (1.0, 1.0 / 3.0)], ids=str
)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_cells_with_constants_of_their_own_are_replayed(architecture: str, factor: float, shift: float) -> None:
    found = judged_with_constant(with_forget_constant(factor, shift), architecture)
    assert (found.status, found.by) == ("exact", "replay")


def test_a_deviation_over_cells_with_constants_is_named() -> None:
    entry = next(entry for entry in model_mistakes("stacked") if entry.mistake.id == "model.mean_pool")
    found = judged_with_constant(with_forget_constant(1.0, 1 / 3), "stacked", entry.forward)
    assert (found.mistakes, found.by) == (("model.mean_pool",), "replay")


def test_the_straight_loop_is_the_one_that_the_reference_runs() -> None:
    """A run that the quick comparison accepts is one that the loop itself accepts: both see the same outputs."""
    model = StudentModel(student_cells("gru", "gru.correct_before_conv2"), SIZES, forward=Network.output)
    seen = observe_model(model, "gru", SIZES)
    cells = {"StudentCell": cell_verdict("gru", "gru.correct_before_conv2")}
    named = {**seen, "numbers": "a run"}
    first, again = (ORACLE.judge_model("stacked", named, cells, {}).status for _ in range(2))
    changed = {**named, "outputs": seen["outputs"] + 1e-6}
    other = {**named, "gradients": {name: 2 * value for name, value in seen["gradients"].items()}}
    assert (first, again) == ("exact", "exact")
    assert ORACLE.judge_model("stacked", changed, cells, {}).status != "exact"
    assert ORACLE.judge_model("stacked", other, cells, {}).mistakes == ("model.detached_state",)
