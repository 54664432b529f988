"""Every known slip in a gradient has an entry, and its formula can be told from all others of its family."""

from __future__ import annotations

import importlib
import itertools
from dataclasses import fields
from typing import Any

import pytest
import torch
from helpers.gradient_cases import SITUATIONS, Situation, apart, formulas, furthest

from reference.gradients import GRU_ITEMS, LSTM_GATE_ITEMS, LSTM_ITEMS, RNN_ITEMS, gru_two_steps
from reference.gradients.generic import generic_gru_case, generic_lstm_case, generic_rnn_case
from reference.mistakes import Collision, collisions, function_mistakes
from reference.mistakes import gradients_seq_pieces as seq_pieces
from reference.mistakes import gradients_tau_pieces as tau_pieces
from reference.mistakes import gradients_uva_pieces as uva_pieces

UVA = """truncated_one_step truncated_two_steps no_tanh_derivative tanh_derivative_of_h one_minus_tanh
    sigmoid_derivative Whh_not_transposed h_t_instead_of_h_prev sign_flipped dp_is_minus_y_over_yhat dp_is_yhat
    outer_transposed recursion_without_direct_term wph_transposed wph_sign wph_no_softmax wph_h_prev wph_yhat_only
    softmax_denominator_unsquared same_factor_each_step one_path_only one_factor_too_many product_times_recursion"""
TAU = """sigma_prime tanh_prime zsign z_for_1mz no_1mz seed_e hg_T no_hg no_h1 no_r h2 x1 outer_transposed
    delta_missing local_vs_total no_outer_product"""
SEQ = """seed8 eq8_noparen eq9_noparen eq10_noparen seed10 tanh_twice no_da_path no_dc_next dtanh_of_c dtanh_missing
    sigma_1_minus_sq o_uses_c activation_grads cprev_uses_c gates_swapped mean_batch bias_axis0 bias_no_keepdims
    concat_xa a_prev_missing_c seed_rows no_transpose seed17_dup eq16_no_da eq16_only_da bias_c_missing"""
EXPECTED = {"uva": set(UVA.split()), "tau": set(TAU.split()), "seq": set(SEQ.split())}
ITEMS = {"uva": RNN_ITEMS, "tau": GRU_ITEMS, "seq": (*LSTM_GATE_ITEMS, *LSTM_ITEMS)}

GENERIC = {
    "uva-last": ("uva", generic_rnn_case("last")),
    "uva-sum": ("uva", generic_rnn_case("sum")),
    "tau-local": ("tau", generic_gru_case("local")),
    "tau-total": ("tau", generic_gru_case("total")),
    "tau-local-other-convention": ("tau", generic_gru_case("local", update="2")),
    "tau-total-other-convention": ("tau", generic_gru_case("total", update="2")),
    "seq": ("seq", generic_lstm_case()),
}
SMALLEST = 0.05
"""Of a difference between two formulas, relative to the right gradient; 0.073 was measured."""
SMALLEST_OF_AN_ITEM = 5e-4
"""The same for one item alone; 0.00072 was measured, for what reaches dW_xg only through the first step."""


def scales(values: dict[str, Any]) -> dict[str, float]:
    return {item: max(float(abs(value).max()), 1e-3) for item, value in values["correct"].items()}


def touched(values: dict[str, Any], name: str) -> set[str]:
    """The items that a mistake changes."""
    right = values["correct"]
    return {item for item, scale in scales(values).items() if apart(values[name], right, item, scale) > 1e-9}


@pytest.mark.parametrize("family", EXPECTED)
def test_every_known_slip_has_an_entry(family: str) -> None:
    found = {entry.mistake.id.split(".")[1] for entry in function_mistakes(family) if entry.mistake.effect == "wrong"}
    assert found == EXPECTED[family]


@pytest.mark.parametrize("family", EXPECTED)
def test_every_entry_names_a_reference_function_that_is_there(family: str) -> None:
    for entry in function_mistakes(family):
        module, name = entry.of.rsplit(".", 1)
        assert callable(getattr(importlib.import_module(f"reference.{module}"), name))


@pytest.mark.parametrize("family", EXPECTED)
def test_no_entry_speaks_of_where_a_formula_was_found(family: str) -> None:
    for entry in function_mistakes(family):
        text = " ".join(
            (entry.mistake.title, entry.mistake.formula, entry.mistake.what_you_did, entry.mistake.next_step)
        )
        assert "seed" not in text.lower()


@pytest.mark.parametrize("which", GENERIC)
def test_the_formula_in_pieces_is_the_reference_while_all_pieces_are_right(which: str) -> None:
    family, case = GENERIC[which]
    pieces: Any = {"uva": uva_pieces, "tau": tau_pieces, "seq": seq_pieces}[family]
    right = formulas(family, case)["correct"]
    assert furthest(pieces.gradients_in_pieces(case, pieces.Pieces()), right) <= 1e-12
    assert set(right) == set(ITEMS[family])


@pytest.mark.parametrize("which", GENERIC)
def test_every_pair_of_a_family_is_apart_at_generic_inputs(which: str) -> None:
    family, case = GENERIC[which]
    values = formulas(family, case)
    scale = scales(values)
    nearest = {
        pair: max(apart(values[pair[0]], values[pair[1]], item, scale[item]) for item in scale)
        for pair in itertools.combinations(values, 2)
    }
    assert min(nearest.values()) > SMALLEST, min(nearest, key=lambda pair: nearest[pair])


@pytest.mark.parametrize("which", GENERIC)
def test_one_item_alone_tells_the_mistakes_apart_that_change_it(which: str) -> None:
    family, case = GENERIC[which]
    values = formulas(family, case)
    known = {frozenset(found.same) for found in collisions() if found.case == "seq_dc_prev_alone"}
    for item, scale in scales(values).items():
        changing = [name for name in values if name == "correct" or item in touched(values, name)]
        near = {
            frozenset((f"{family}.{a}", f"{family}.{b}"))
            for a, b in itertools.combinations(changing, 2)
            if apart(values[a], values[b], item, scale) < SMALLEST_OF_AN_ITEM
        }
        assert near == (known if item == "dc_prev" else set()), item


LISTED = [found for found in collisions() if found.case in SITUATIONS]


def groups(situation: Situation, family: str, *, zero: float = 1e-12) -> set[frozenset[str]]:
    """What cannot be told apart in a situation, of what can be at generic inputs of its kind."""
    values, generic = formulas(family, situation.build()), formulas(family, situation.like())
    items = situation.items or tuple(values["correct"])
    names = [name for name in values if name == "correct" or touched(generic, name) & set(items)]
    largest = {item: float(abs(values["correct"][item]).max()) or 1.0 for item in items}
    found: list[list[str]] = []
    for name in names:
        for group in found:
            if all(apart(values[name], values[group[0]], item, largest[item]) <= zero for item in items):
                group.append(name)
                break
        else:
            found.append([name])
    return {frozenset(f"{family}.{name}" for name in group) for group in found if len(group) > 1}


def test_every_situation_belongs_to_a_listed_collision() -> None:
    assert {found.case for found in LISTED} == set(SITUATIONS)


@pytest.mark.parametrize("case", SITUATIONS)
def test_exactly_the_listed_formulas_collide(case: str) -> None:
    family = case.split("_")[0]
    assert groups(SITUATIONS[case], family) == {frozenset(found.same) for found in LISTED if found.case == case}


@pytest.mark.parametrize("collision", LISTED, ids=lambda found: f"{found.case}-{'-'.join(found.same[:2])}")
def test_what_collides_is_apart_at_generic_inputs(collision: Collision) -> None:
    family = collision.case.split("_")[0]
    situation = SITUATIONS[collision.case]
    values = formulas(family, situation.like())
    alone = collision.case == "seq_dc_prev_alone"  # the other items tell these apart
    scale = scales(values)
    for a, b in itertools.combinations((name.split(".")[1] for name in collision.same), 2):
        items = scale if alone or situation.items is None else situation.items
        assert max(apart(values[a], values[b], item, scale[item]) for item in items) > SMALLEST, (a, b)


A, B, C, D, E, F = GRU_ITEMS
LOCAL_ITEMS = {
    "sigma_prime": {A, B, E, F},
    "tanh_prime": {C, D, E, F},
    "zsign": {A, B},
    "z_for_1mz": {C, D, E, F},
    "no_1mz": {C, D, E, F},
    "seed_e": {E, F},
    "hg_T": {E, F},
    "no_hg": {E, F},
    "no_h1": {E, F},
    "no_r": {D},
    "h2": {B, D, F},
    "x1": {A, C, E},
    "outer_transposed": {A, B, C, D, E, F},
    "delta_missing": {A, B, C, D, E, F},
    "local_vs_total": {A, B, C, D, E, F},
    "no_outer_product": {A, B, C, D, E, F},
}


@pytest.mark.parametrize("name", TAU.split())
def test_a_slip_changes_the_items_that_it_enters_and_no_other(name: str) -> None:
    values = formulas("tau", generic_gru_case("local"))
    assert touched(values, name) == LOCAL_ITEMS[name]


def test_the_other_update_convention_makes_two_slips_the_right_formulas() -> None:
    case = generic_gru_case(update="2")
    first, second = gru_two_steps(case)
    delta = second.h - case.y_2
    d_z = delta * (second.g - first.h) * second.z * (1 - second.z)  # tau.zsign in the first convention
    d_g = delta * second.z * (1 - second.g**2)  # tau.z_for_1mz in the first convention
    right = formulas("tau", case)["correct"]
    answers = {A: torch.outer(case.x_2, d_z), C: torch.outer(case.x_2, d_g)}
    assert furthest(answers, {item: right[item] for item in answers}) <= 1e-12


def test_a_weight_without_its_direct_effect_has_no_gradient_at_all() -> None:
    values = formulas("uva", generic_rnn_case())["recursion_without_direct_term"]
    assert not any(values[item].any() for item in ("dW_h", "dW_x", "db_h"))


@pytest.mark.parametrize("module", [uva_pieces, tau_pieces, seq_pieces], ids=lambda module: module.__name__)
def test_every_piece_is_replaced_by_some_entry(module: Any) -> None:
    """A piece that nothing replaces would be dead weight."""
    family = module.__name__.split("_")[1]
    used: set[str] = set()

    def seen(**given: Any) -> Any:
        used.update(given)
        return original(**given)

    original = module.Pieces
    names = {field.name for field in fields(original)}
    modules = {entry.function.__module__ for entry in function_mistakes(family)}
    with pytest.MonkeyPatch.context() as patch:
        for name in modules:
            loaded = importlib.import_module(name)
            if hasattr(loaded, "Pieces"):
                patch.setattr(loaded, "Pieces", seen)
        generic = {"uva": generic_rnn_case, "tau": generic_gru_case, "seq": generic_lstm_case}[family]
        for entry in function_mistakes(family):
            entry.function(generic())
    assert used == names
