"""Counts of parameters against torch modules of the same structure, and against numbers known from courseworks."""

from __future__ import annotations

import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from reference.counts import (
    QUANTITIES,
    Sizes,
    attention_count,
    cell_count,
    embedding_count,
    output_count,
    parameter_count,
    quantity_named,
)
from reference.counts.expressions import formula_of, same_formula
from reference.counts.sizes import sizes_of

TORCH = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
GATES = {"rnn": 1, "gru_simplified": 2, "gru": 3, "lstm": 4, "lstm_peephole": 4}


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


class Cell(nn.Module):
    """A cell as courseworks build it: one map of the input, one of the state, and peepholes if there are any."""

    def __init__(self, name: str, d: int, n: int, bias: bool = True) -> None:
        super().__init__()
        self.x2h = nn.Linear(d, GATES[name] * n, bias=bias)
        self.h2h = nn.Linear(n, GATES[name] * n, bias=bias)
        if name == "lstm_peephole":
            self.peepholes = nn.ParameterList([nn.Parameter(torch.zeros(n)) for _ in range(3)])


def stack(name: str, d: int, n: int, layers: int, bias: bool = True) -> nn.ModuleList:
    return nn.ModuleList([Cell(name, d if layer == 0 else n, n, bias) for layer in range(layers)])


class Model(nn.Module):
    """Cells in one direction or two independent ones, an output layer, and a layer that nobody uses."""

    def __init__(
        self, name: str, d: int, n: int, layers: int, k: int, bias: bool = True, two: bool = False, spare: bool = False
    ) -> None:
        super().__init__()
        self.forwards = stack(name, d, n, layers, bias)
        self.backwards = stack(name, d, n, layers, bias) if two else nn.ModuleList()
        self.attention = nn.Linear(n, 1) if spare else nn.Identity()
        self.output = nn.Linear(2 * n if two else n, k)


SIZES = st.integers(1, 40)
FEW = settings(max_examples=25)


@pytest.mark.parametrize("name", TORCH)
@FEW
@given(n=SIZES, d=SIZES, layers=st.integers(1, 4), bias=st.booleans(), two=st.booleans())
def test_a_stack_of_any_size_has_as_many_parameters_as_torchs(
    name: str, n: int, d: int, layers: int, bias: bool, two: bool
) -> None:
    module = TORCH[name](d, n, layers, bias=bias, bidirectional=two)
    quantity = quantity_named(
        f"{name}_stack", {"biases": 2 if bias else 0, "directions": "layer-wise" if two else "one"}
    )
    assert parameter_count(quantity, Sizes(n=n, d=d, L=layers)) == parameters(module)


@pytest.mark.parametrize("name", GATES)
@FEW
@given(n=SIZES, d=SIZES, k=SIZES, layers=st.integers(1, 4), bias=st.booleans(), two=st.booleans(), spare=st.booleans())
def test_a_model_of_any_size_has_as_many_parameters_as_a_module_of_its_structure(
    name: str, n: int, d: int, k: int, layers: int, bias: bool, two: bool, spare: bool
) -> None:
    changes = {
        "biases": 2 if bias else 0,
        "directions": "two stacks" if two else "one",
        "attention": spare,
    }
    quantity = quantity_named(f"{name}_model", changes)
    module = Model(name, d, n, layers, k, bias, two, spare)
    assert parameter_count(quantity, Sizes(n=n, d=d, k=k, L=layers)) == parameters(module)


@FEW
@given(n=SIZES, d=SIZES, k=SIZES, bias=st.booleans())
def test_the_parts_have_as_many_parameters_as_torchs(n: int, d: int, k: int, bias: bool) -> None:
    assert output_count(n, k, bias=bias) == parameters(nn.Linear(n, k, bias=bias))
    assert attention_count(n) == parameters(nn.Linear(n, 1))
    assert embedding_count(k, d) == parameters(nn.Embedding(k, d))


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_has_as_many_parameters_as_torchs(name: str, bias: bool) -> None:
    cell = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[name](7, 4, bias=bias)
    assert cell_count(GATES[name], 4, 7, biases=2 if bias else 0) == parameters(cell)


@pytest.mark.parametrize(("gates", "biases", "peepholes"), [(0, 1, 0), (4, 3, 0), (4, -1, 0), (4, 1, 1)], ids=str)
def test_structures_that_do_not_exist_are_refused(gates: int, biases: int, peepholes: int) -> None:
    with pytest.raises(ValueError, match="gates, biases, peepholes are"):
        cell_count(gates, 3, 2, biases, peepholes)


AT = Sizes(n=128, d=20, k=3, L=3)
TABLE = {
    # cells, model with the unused layer, without, two stacks, layer-wise, model and two stacks without biases
    "lstm": (340_992, 341_508, 341_379, 682_755, 944_899, 338_436, 676_611),
    "gru": (255_744, 256_260, 256_131, 512_259, 708_867, 253_956, 507_651),
    "rnn": (85_248, 85_764, 85_635, 171_267, 236_803, 84_996, 169_731),
}


@pytest.mark.parametrize("name", TABLE)
def test_models_of_the_usual_training_setting_have_these_counts(name: str) -> None:
    quantities = [
        quantity_named(f"{name}_stack"),
        quantity_named(f"{name}_model_attention"),
        quantity_named(f"{name}_model"),
        quantity_named(f"{name}_bidirectional"),
        quantity_named(f"{name}_bidirectional_layer_wise"),
        quantity_named(f"{name}_model_attention", {"biases": 0}),
        quantity_named(f"{name}_bidirectional", {"biases": 0}),
    ]
    assert tuple(parameter_count(quantity, AT) for quantity in quantities) == TABLE[name]


@pytest.mark.parametrize(
    ("name", "counts"),
    [("lstm", (76_800, 76_288, 75_776)), ("gru", (57_600, 57_216, 56_832)), ("rnn", (19_200, 19_072, 18_944))],
)
def test_one_cell_has_these_counts_with_two_biases_with_one_and_with_none(name: str, counts: tuple[int, ...]) -> None:
    found = [parameter_count(quantity_named(name, {"biases": biases}), AT) for biases in (2, 1, 0)]
    assert tuple(found) == counts


def test_gru_cells_have_three_quarters_of_the_parameters_of_lstm_cells_but_models_do_not() -> None:
    def ratio(suffix: str) -> sympy.Expr:
        counts = [parameter_count(QUANTITIES[name + suffix], AT) for name in ("gru", "lstm")]
        return sympy.Rational(*counts)

    assert ratio("_stack") == sympy.Rational(3, 4)
    assert ratio("_model") != sympy.Rational(3, 4)


@pytest.mark.parametrize(("biases", "count"), [(1, 320_800), (2, 321_600), (0, 320_000)])
def test_an_lstm_of_200_units_on_200_inputs_has_these_counts(biases: int, count: int) -> None:
    at = Sizes(n=200, d=200)
    assert parameter_count(quantity_named("lstm", {"biases": biases}), at) == count


@pytest.mark.parametrize(("name", "counts"), [("lstm", (4_651_600, 4_653_200)), ("gru", (4_491_200, 4_492_400))])
def test_language_models_of_ten_thousand_words_have_these_counts(name: str, counts: tuple[int, int]) -> None:
    at = Sizes(n=200, d=200, k=10_000, L=2)
    found = [parameter_count(quantity_named(f"{name}_language_model", {"biases": biases}), at) for biases in (1, 2)]
    assert tuple(found) == counts
    module = nn.ModuleList([nn.Embedding(10_000, 200), TORCH[name](200, 200, 2), nn.Linear(200, 10_000)])
    assert parameters(module) == counts[1]


SIMPLE = quantity_named("rnn_classifier", {"biases": 0, "output_bias": False})


@pytest.mark.parametrize(("n", "rest"), [(128, 30), (79, 177), (64, 252), (32, 600)])
def test_20224_is_the_count_of_a_simple_network_of_these_sizes(n: int, rest: int) -> None:
    assert parameter_count(SIMPLE, Sizes(n=n, d=rest - 10, k=10)) == 20_224


def test_a_simple_network_has_these_counts_with_its_biases() -> None:
    at = Sizes(n=128, d=20, k=10)
    assert parameter_count(SIMPLE, at) == parameters(nn.RNN(20, 128, bias=False)) + parameters(
        nn.Linear(128, 10, bias=False)
    )
    assert [parameter_count(quantity_named("rnn_classifier", {"biases": b}), at) for b in (1, 2)] == [20_362, 20_490]


def test_formulas_written_in_several_ways_are_one() -> None:
    n, d, m, k = sympy.symbols("n d m k", positive=True)
    ours = formula_of(lambda at: parameter_count(QUANTITIES["lstm"], at))
    for written in (4 * (n * d + n**2 + n), 4 * n * (n + d + 1), 4 * d * n + 4 * n**2 + 4 * n):
        assert same_formula(ours, written)
    assert not same_formula(ours, 4 * (n * d + n**2) + n)
    simple = formula_of(lambda at: parameter_count(SIMPLE, at))
    assert same_formula(simple, (n**2 + n * m + k * n).subs(m, d))


def test_a_formula_that_would_take_for_ever_to_expand_is_not_expanded() -> None:
    n, d = sympy.symbols("n d")
    assert not same_formula((n + d) ** 1_000_000, n**2 + d)
    assert not same_formula(((n + d + 1) ** 9 + 1) ** 9, n)


def test_formulas_hold_for_every_number_of_layers() -> None:
    quantity = QUANTITIES["gru_bidirectional_layer_wise"]
    formula = formula_of(lambda at: parameter_count(quantity, at))
    at = {"n": 6, "d": 5, "k": 4, "L": 3}
    value = formula.subs({symbol: at[symbol.name] for symbol in formula.free_symbols})
    assert value == parameter_count(quantity, sizes_of(at))


@pytest.mark.parametrize("sizes", [{"n": 3}, {"n": 3, "d": 2, "H": 1}], ids=["missing", "unknown"])
def test_sizes_without_a_known_name_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"sizes (lacks|has) .*; wanted"):
        sizes_of(sizes)


@pytest.mark.parametrize(("name", "changes"), [("transformer", {}), ("lstm", {"heads": 8})], ids=["quantity", "field"])
def test_quantities_that_do_not_exist_are_refused(name: str, changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"(quantity is|changes has) .*; wanted"):
        quantity_named(name, changes)
