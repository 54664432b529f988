"""Layers that are written out in NumPy give what their step formulas give, forwards and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from helpers.collision_cases import network
from helpers.model_observations import StudentModel, observe_model, student_cells
from helpers.observations import F64, StudentCell, noise, observe_cell
from torch import Tensor

from reference.mistakes import model_mistakes
from reference.models.deviations import DETACHED, STRAIGHT, deviations, output_of, straight_output
from reference.models.kept import Kept
from reference.models.layers import FormulaLayer
from reference.models.network import Loop, Network, State
from reference.models.right_pass import right_pass
from reference.models.sweeps import WHOLE, sweep
from reference.oracle import ORACLE
from reference.recognition import FAMILIES

ORDERS = {"lstm": "ifgo", "gru": "rzn", "rnn": "a"}
FAMILY = {"lstm": "lstm", "gru": "gru", "rnn": "rnn_tanh"}
T, B, D, N = 4, 3, 5, 7


def layer_of(formula: str, seed: int = 1) -> FormulaLayer:
    family = formula.split(".")[0]
    order = ORDERS[family]
    rows = N * len(order)
    joined = (noise(seed, rows, D), noise(seed + 1, rows, N), noise(seed + 2, rows), noise(seed + 3, rows))
    for value in joined:
        value.mul_(0.4).requires_grad_()
    name = "rnn_relu" if formula.endswith("relu") else FAMILY[family]
    return FormulaLayer(
        family=FAMILIES[name],
        formula=formula,
        order=order,
        joined=joined,
        gate_first="before" in formula,
        hidden_size=N,
    )


def by_steps(layer: FormulaLayer, x: Tensor, state: State) -> list[Tensor]:
    states = []
    for one in x.unbind(0):
        state = layer.step(one, state)
        states.append(state)
    return [torch.stack(values) for values in zip(*states, strict=True)]


@pytest.mark.parametrize("formula", WHOLE)
def test_a_layer_gives_the_states_and_derivatives_of_its_steps(formula: str) -> None:
    layer = layer_of(formula)
    x = noise(9, T, B, D).requires_grad_()
    first = tuple(noise(20 + part, B, N).mul_(0.5).requires_grad_() for part in range(layer.family.outputs))
    leaves = [x, *layer.joined, *first]

    def derivatives(states: Sequence[Tensor]) -> Sequence[Tensor]:
        total = torch.stack([(value * noise(30 + part, T, B, N)).sum() for part, value in enumerate(states)]).sum()
        return torch.autograd.grad(total, leaves)

    found, wanted = sweep(formula, x, first, layer.joined), by_steps(layer, x, first)
    for one, other in zip((*found, *derivatives(found)), (*wanted, *derivatives(wanted)), strict=True):
        assert torch.allclose(one, other, rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        assert all(map(torch.equal, sweep(formula, x, first, layer.joined), found))


@pytest.mark.parametrize(("shape", "state"), [((T, B, D + 1), (B, N)), ((T, B, D), (1, N)), ((B, D), (B, N))])
def test_sizes_that_do_not_fit_are_told_as_torch_tells_them(shape: Any, state: Any) -> None:
    layer = layer_of("rnn.correct_tanh")
    with pytest.raises(RuntimeError, match="was given"):
        sweep(layer.formula, torch.zeros(shape, dtype=F64), (torch.zeros(state, dtype=F64),), layer.joined)


@pytest.mark.parametrize("architecture", ["stacked", "bidirectional"])
@pytest.mark.parametrize("cell", FAMILIES)
@pytest.mark.parametrize("with_bias", [True, False])
def test_the_pass_without_torch_is_the_one_with_it(architecture: str, cell: str, with_bias: bool) -> None:
    net = network(architecture, 3, cell)
    width = 12 if architecture == "bidirectional" else 6
    linear = {"weight": noise(4, 3, width).requires_grad_()}
    if with_bias:
        linear["bias"] = noise(5, 3).requires_grad_()
    layers = [*net.layers, *net.reverse_layers]
    leaves = [net.x.requires_grad_(), *linear.values()]
    matrices = [[value.requires_grad_() for value in layer.joined] for layer in layers]  # type: ignore[attr-defined]
    output = torch.nn.functional.linear(net.features(), *linear.values())
    weights = noise(6, *output.shape)
    wanted = torch.autograd.grad((output * weights).sum(), [*leaves, *(one for several in matrices for one in several)])
    found = right_pass(net, linear)
    assert found is not None
    assert torch.allclose(torch.from_numpy(found.output), output, rtol=1e-12, atol=1e-12)
    by = found.back(weights.numpy())
    plain = [torch.from_numpy(value) for value in (by.x, *by.linear)]
    cells = [torch.from_numpy(value) for value in by.cells]
    of_cells = [
        torch.cat([value.reshape(-1) for value in wanted[start : start + 4]])
        for start in range(len(leaves), len(wanted), 4)
    ]
    for one, other in zip([*plain, *cells], [*wanted[: len(leaves)], *of_cells], strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-12)


def test_a_classifier_of_another_width_and_a_formula_that_is_not_written_out_are_left_to_torch() -> None:
    net = network("stacked", 3, "lstm")
    assert right_pass(net, {"weight": noise(4, 3, 5)}) is None
    wrong = net.with_layers(lambda _: [layer_of("lstm.forget_inverted")])
    assert right_pass(wrong, {"weight": noise(4, 3, N)}) is None


class Counting:
    """A layer that counts its steps."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, x: Tensor, state: State | None) -> State:
        self.steps += 1
        return (x if state is None else x + state[0],)

    def with_other_activation(self) -> Counting:
        return self


def counting_network() -> tuple[Network, Counting]:
    layer = Counting()
    x = noise(1, B, T, N).requires_grad_()
    return Network(x=x, layers=[layer], classifier=torch.sin, wanted_layers=1, hidden_size=N), layer


def test_variants_of_a_network_share_the_layers_that_they_have_in_common() -> None:
    net, layer = counting_network()
    with torch.no_grad():
        one, other = net.output(), net.with_layers(lambda layers: layers[:1]).output()
        assert layer.steps == T
        reset = net.output(Loop(reset_each_step=True))
    assert layer.steps == 2 * T
    assert torch.equal(one, other)
    assert not torch.equal(one, reset)


def test_where_gradients_are_wanted_nothing_is_shared() -> None:
    net, layer = counting_network()
    with torch.no_grad():
        net.output()
    for times in (2, 3):  # a graph is used up by the first backward pass
        assert torch.autograd.grad(net.output().sum(), net.x)[0].any()
        assert layer.steps == times * T


def test_deviations_are_computed_once_for_a_key() -> None:
    net, layer = counting_network()
    first = deviations("stacked", net, "deviations of one key")
    steps = layer.steps
    assert deviations("stacked", net, "deviations of one key") is first
    assert straight_output(net, "deviations of one key") is first[STRAIGHT]
    assert layer.steps == steps
    assert set(first) == {STRAIGHT, *(entry.mistake.id for entry in model_mistakes("stacked"))} - {DETACHED}
    assert deviations("stacked", net, None) is not first


def test_what_a_network_cannot_do_has_no_output() -> None:
    def broken(net: Network) -> Tensor:
        raise IndexError

    assert output_of(counting_network()[0], broken) is None


def test_the_longest_unused_goes_first_and_a_replaced_value_weighs_once() -> None:
    kept: Kept[int] = Kept(350, lambda value: value)
    for key, value in (("a", 10), ("b", 10), ("a", 20)):
        kept.put(key, value)
    assert kept.get("a") == (20,)
    kept.put("c", 10)
    assert [kept.get(key) for key in "abc"] == [(20,), (10,), (10,)]
    kept.put("d", 10)
    assert [kept.get(key) for key in "abcd"] == [None, (10,), (10,), (10,)]


def test_gradients_are_compared_even_if_an_earlier_run_with_other_outputs_needed_none() -> None:
    model = StudentModel(student_cells("gru", "gru.correct_after"), (6, 6, 2, 3), forward=Network.output)
    cell = StudentCell("gru", "gru.correct_after", *FAMILIES["gru"].probe_sizes)
    cells = {"StudentCell": ORACLE.recognise_cell("gru", observe_cell(cell, "gru"), {})}
    seen = {**observe_model(model, "gru", (6, 6, 2, 3)), "numbers": "a run with other outputs first"}
    other = {**seen, "outputs": seen["outputs"] + 1}
    cut = {**seen, "gradients": {name: 2 * value for name, value in seen["gradients"].items()}}
    assert ORACLE.judge_model("stacked", other, cells, {}).status != "exact"
    assert ORACLE.judge_model("stacked", cut, cells, {}).mistakes == ("model.detached_state",)
    assert ORACLE.judge_model("stacked", seen, cells, {}).status == "exact"


def test_models_with_the_same_numbers_but_another_last_layer_are_told_apart() -> None:
    class Two(StudentModel):
        """A model that has two layers for the end and no attribute that says which is which."""

        last = 0

        def __init__(self) -> None:
            super().__init__(student_cells("gru", "gru.correct_after"), (6, 6, 2, 3))
            self.ends = torch.nn.ModuleList([torch.nn.Linear(6, 3, dtype=F64) for _ in range(2)])
            self.program = lambda net: self.ends[self.last](net.forward()[0])
            del self.fc

        def forward(self, x: Tensor) -> Tensor:
            self.fc = lambda features: features
            return super().forward(x)

    cell = StudentCell("gru", "gru.correct_after", *FAMILIES["gru"].probe_sizes)
    cells = {"StudentCell": ORACLE.recognise_cell("gru", observe_cell(cell, "gru"), {})}
    for last in range(2):
        model = Two()
        model.last = last
        seen = {**observe_model(model, "gru", (6, 6, 2, 3)), "numbers": "two ends", "roles": {}}
        verdict = ORACLE.judge_model("stacked", seen, cells, {})
        assert (verdict.mistakes, verdict.by) == (("model.first_step_output",), "replay")
