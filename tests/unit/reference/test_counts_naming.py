"""Counts that students give get their names, and a number that could be several things is said to be so."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
import sympy
from helpers.collisions import listed_cases

from reference.counts import QUANTITIES, Quantity, Sizes, quantity_named
from reference.counts.comparing import values_of
from reference.counts.naming import candidates_of, name_count
from reference.mistakes import collisions, function_mistakes

LSTM = QUANTITIES["lstm"]
SIMPLE = quantity_named("rnn_classifier", {"biases": 0, "output_bias": False, "also_biases": []})
QUESTION = {"n": 200, "d": 200, "k": 10_000, "T": 25, "B": 20}
COPRIME = {"n": 7, "d": 5, "k": 3, "T": 11, "B": 13}
n, d, k, L, T = sympy.symbols("n d k L T")
IDS = """two_biases no_bias three_gates two_gates one_gate five_gates no_recurrent no_input single_bias_total times_T
    batch squared_sum bias_per_input peephole two_layers plus_output n2_only with_biases"""
VALUES = {
    "two_biases": 321_600,
    "no_bias": 320_000,
    "three_gates": 240_600,
    "two_gates": 160_400,
    "one_gate": 80_200,
    "five_gates": 401_000,
    "no_recurrent": 160_800,
    "no_input": 160_800,
    "single_bias_total": 320_200,
    "times_T": 8_020_000,
    "batch": 6_416_000,
    "squared_sum": 640_800,
    "bias_per_input": 321_600,
    "peephole": 321_400,
    "two_layers": 641_600,
    "plus_output": 2_330_800,
}


def counted(name: str, quantity: Quantity, sizes: dict[str, int]) -> int:
    entry = next(entry for entry in function_mistakes("count") if entry.mistake.id == f"count.{name}")
    value = entry.function(quantity, Sizes(**sizes))
    assert isinstance(value, int)
    return value


def test_every_known_deviation_is_there() -> None:
    assert {entry.mistake.id for entry in function_mistakes("count")} >= {f"count.{name}" for name in IDS.split()}


@pytest.mark.parametrize("name", VALUES)
def test_deviations_of_an_lstm_of_200_units_have_these_values(name: str) -> None:
    assert counted(name, LSTM, QUESTION) == VALUES[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [("no_recurrent", 3840), ("n2_only", 16_384), ("with_biases", 20_362), ("times_T", 202_240)],
)
def test_deviations_of_a_simple_network_have_these_values(name: str, value: int) -> None:
    assert counted(name, SIMPLE, {"n": 128, "d": 20, "k": 10, "T": 10}) == value


@pytest.mark.parametrize("name", sorted(set(VALUES) - {"two_biases"}))
def test_a_deviating_number_at_sizes_without_a_common_factor_is_named(name: str) -> None:
    found = name_count(counted(name, LSTM, COPRIME), LSTM, COPRIME)
    assert (found.status, found.mistakes) == ("mistake", (f"count.{name}",))


@pytest.mark.parametrize("name", [q for q in QUANTITIES if not q.startswith("lstm_peephole")])
def test_every_deviation_of_every_quantity_is_named_from_its_formula(name: str) -> None:
    quantity = QUANTITIES[name]
    for candidate in candidates_of(quantity):
        if candidate.rank == 1:
            found = name_count(lambda at, count=candidate.count: count(Sizes(**at)), quantity)  # type: ignore[misc]  # loop
            assert (found.status, found.mistakes) == ("mistake", (candidate.id,))


@pytest.mark.parametrize(
    "answer",
    [
        4 * (n * d + n**2 + n),
        4 * n * (n + d + 1),
        4 * n * ((n**2 - d**2) / (n - d) + 1),
        4 * (sympy.sqrt(n**2) * d + n**2 + n),
    ],
    ids=["sum", "product", "fraction", "root"],
)
def test_any_way_to_write_the_right_formula_is_exact(answer: sympy.Expr) -> None:
    assert name_count(answer, LSTM).status == "exact"


def test_symbols_count_by_their_names_whatever_is_assumed_of_them() -> None:
    real, whole = sympy.Symbol("n", real=True), sympy.Symbol("d", integer=True)
    assert name_count(4 * real * (real + whole + 1), LSTM).status == "exact"


@pytest.mark.parametrize(
    ("answer", "status", "named"),
    [
        (4 * (n * d + n**2 + 2 * n), "equivalent", "count.two_biases"),
        (4 * (n * d + n), "mistake", "count.no_recurrent"),
        (4 * (n * (n + d) + n + d), "mistake", "count.bias_per_input"),
        (T * 4 * n * (n + d + 1), "mistake", "count.times_T"),
        (3 * (n * d + n**2 + 2 * n), "mistake", "count.three_gates"),
        (n + d, "unnamed", None),
        (n * d, "unnamed", None),
    ],
    ids=["two biases", "no recurrent", "bias per input", "times T", "three gates, two biases", "sum", "product"],
)
def test_a_formula_gets_its_name(answer: sympy.Expr, status: str, named: str | None) -> None:
    found = name_count(answer, LSTM)
    assert found.status == status
    assert (found.convention or "".join(found.mistakes) or None) == named


def test_a_function_of_the_sizes_is_as_good_as_an_expression() -> None:
    assert name_count(lambda at: Fraction(8 * at["n"] * (at["n"] + at["d"] + 1), 2), LSTM).status == "exact"
    assert name_count(lambda at: 4.0 * at["n"] * (at["n"] + at["d"]), LSTM).mistakes == ("count.no_bias",)


def test_a_formula_that_fails_or_is_no_polynomial_is_unnamed() -> None:
    assert name_count(lambda at: at["n"] // (at["d"] - at["d"]), LSTM).status == "unnamed"
    assert name_count(n**d, LSTM).status == "unnamed"
    assert name_count((n + d) ** 1_000_000, LSTM).status == "unnamed"


@pytest.mark.parametrize(("answer", "convention"), [(320_800, ""), (320_800.0, ""), (321_600, "count.two_biases")])
def test_a_right_number_at_equal_sizes_is_right_and_its_limits_are_said(answer: float, convention: str) -> None:
    found = name_count(answer, LSTM, QUESTION)
    assert (found.status, found.convention) == ("equivalent" if convention else "exact", convention)
    assert any("does not show the formula where n = d" in note for note in found.notes)


def test_a_number_that_two_mistakes_give_is_ambiguous() -> None:
    found = name_count(160_800, LSTM, QUESTION)
    assert (found.status, found.mistakes) == ("ambiguous", ("count.no_input", "count.no_recurrent"))


def test_a_number_that_is_accepted_says_which_mistakes_give_it_too() -> None:
    assert any('"A bias for each input, too"' in note for note in name_count(321_600, LSTM, QUESTION).notes)


def test_a_number_at_other_sizes_has_no_such_limits() -> None:
    found = name_count(4 * (35 + 49 + 7), LSTM, COPRIME)
    assert (found.status, found.notes) == ("exact", ())


@pytest.mark.parametrize("answer", [0, -5, 320_801, float("nan"), float("inf"), 320_800.5])
def test_a_number_that_nothing_gives_is_unnamed(answer: float) -> None:
    assert name_count(answer, LSTM, QUESTION).status == "unnamed"


def test_a_formula_in_one_letter_is_accepted_where_the_question_makes_the_sizes_equal() -> None:
    assert name_count(8 * n**2 + 4 * n, LSTM).status == "unnamed"
    assert name_count(8 * n**2 + 4 * n, LSTM, COPRIME).status == "unnamed"
    found = name_count(8 * n**2 + 4 * n, LSTM, QUESTION)
    assert found.status == "equivalent"
    assert found.notes == ("as a formula it holds only where n = d, as the question has it",)


def test_equal_sizes_do_not_excuse_a_formula_that_is_a_known_mistake() -> None:
    found = name_count(4 * (n * (n + d) + n + d), LSTM, QUESTION)
    assert (found.status, found.mistakes) == ("mistake", ("count.bias_per_input",))


def test_a_number_needs_the_sizes_of_the_question() -> None:
    with pytest.raises(ValueError, match="sizes is None; wanted the sizes"):
        name_count(320_800, LSTM)


def test_where_one_bias_is_fixed_two_are_a_mistake() -> None:
    fixed = quantity_named("lstm", {"also_biases": []})
    found = name_count(4 * (n * d + n**2 + 2 * n), fixed)
    assert (found.status, found.mistakes) == ("mistake", ("count.two_biases",))


def test_biases_are_named_where_the_question_has_none_and_accepted_where_it_says_so() -> None:
    answer = n**2 + n * d + k * n + n + k
    assert name_count(answer, SIMPLE).mistakes == ("count.with_biases",)
    either = quantity_named("rnn_classifier", {"biases": 0, "output_bias": False, "also_biases": [1, 2]})
    assert name_count(answer, either).convention == "count.with_biases"
    assert name_count(answer + n, either).convention == "count.two_biases"


def test_a_model_is_accepted_without_the_layer_that_it_never_uses() -> None:
    model = QUANTITIES["lstm_model_attention"]
    at = {"n": 128, "d": 20, "k": 3, "L": 3}
    assert name_count(341_508, model, at).status == "exact"
    assert name_count(341_379, model, at).convention == "count.unused_layer_left_out"


@pytest.mark.parametrize(
    ("quantity", "answer", "named"),
    [
        ("gru_bidirectional", 708_867, "count.layer_wise"),
        ("gru_bidirectional_layer_wise", 512_259, "count.two_stacks"),
        ("gru_bidirectional", 256_131, "count.one_direction"),
        ("gru_bidirectional", 512_259 - 384, "count.output_of_one_direction"),
        ("lstm_model", 340_992, "count.no_output"),
        ("lstm_model", 256_131, "count.three_gates"),
        ("gru_model", 341_379, "count.four_gates"),
    ],
)
def test_a_number_of_a_model_gets_its_name(quantity: str, answer: int, named: str) -> None:
    found = name_count(answer, QUANTITIES[quantity], {"n": 128, "d": 20, "k": 3, "L": 3})
    assert (found.status, found.mistakes) == ("mistake", (named,))


ONE = {"n": 7, "d": 5, "k": 3, "L": 1, "T": 1, "B": 1}
TIED = {"n": 7, "d": 7, "k": 3, "L": 2, "T": 11, "B": 13}
CASES = {
    "n = d": (LSTM, TIED),
    "one step and sample": (LSTM, ONE),
    "T = B": (LSTM, ONE | {"T": 4, "B": 4}),
    "one bias and peepholes": (QUANTITIES["lstm_peephole"], COPRIME),
    "n = d, stacked": (QUANTITIES["lstm_model"], TIED),
    "one layer": (QUANTITIES["lstm_model"], ONE),
    "one layer, two directions": (QUANTITIES["lstm_bidirectional"], ONE),
}


@pytest.mark.parametrize("case", CASES)
def test_counts_are_the_same_where_the_catalogue_says_so(case: str) -> None:
    quantity, sizes = CASES[case]
    listed = [found for found in collisions() if found.case == case and found.same[0].startswith("count.")]
    for collision in listed:
        values = {counted(name.removeprefix("count."), quantity, sizes) for name in collision.same}
        assert len(values) == 1
    assert listed


def test_every_listed_case_is_shown() -> None:
    assert listed_cases("count") == set(CASES)


@pytest.mark.parametrize("name", QUANTITIES)
def test_formulas_differ_for_every_quantity_but_for_the_listed_ones(name: str) -> None:
    quantity = QUANTITIES[name]
    found = [candidate for candidate in candidates_of(quantity) if candidate.rank <= 1]
    same = {
        frozenset((one.id, other.id))
        for one, other in itertools.combinations(found, 2)
        if values_of(one.count) == values_of(other.count)
    }
    one_bias_and_peepholes = quantity.peepholes == 3 and quantity.biases == 1
    assert same == ({frozenset(("count.no_peephole", "count.single_bias_total"))} if one_bias_and_peepholes else set())
