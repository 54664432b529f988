"""The catalogue is complete and well written; that its formulas can be told apart is shown in test_collisions.py."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

from reference.mistakes import _unique, all_mistakes, cell_mistakes, function_mistakes, model_mistakes
from reference.mistakes.catalogue import FunctionMistake, text
from reference.oracle import ORACLE

LSTM = """no_output_tanh candidate_sigmoid candidate_relu candidate_linear input_gate_tanh forget_gate_tanh
    output_gate_tanh all_gates_tanh no_forget_gate no_input_gate no_output_gate coupled_gates coupled_gates_i
    forget_inverted c_prev_dropped forget_on_candidate h_from_old_cell return_swapped state_unpacked_swapped
    tanh_of_product output_sigmoid_cell output_added cell_squashed candidate_from_c gates_from_c gates_ignore_h
    gates_ignore_x xh_multiplied forget_bias_plus1 hard_sigmoid detached_state forget_input_swapped
    input_output_swapped bias_once_dropped_bh"""
GRU = """no_reset no_reset_conv2 no_update reset_on_x reset_on_sum reset_outside_tanh reset_twice reset_on_carry
    reset_inverted candidate_sigmoid candidate_relu update_tanh reset_tanh no_complement same_gate_both plain_sum
    complement_added r_and_z_blend candidate_ignores_h gates_ignore_h output_tanh returns_candidate_mix_old
    detached_state gates_swapped after_bias_outside correct_after correct_after_conv2 correct_before
    correct_before_conv2"""
RNN = """sigmoid linear activation_split act_on_x_only act_on_h_only ignore_h ignore_x Whh_transposed multiplied
    residual bh_dropped double_step softsign leaky_relu detached_state relu_for_tanh tanh_for_relu"""
MODEL = """first_step_output skips_last_step mean_pool max_pool sum_pool hidden_reset_each_step
    state_carried_between_layers layers_not_stacked only_first_layer same_cell_reused lstm_uses_cell_output
    time_batch_swapped reversed_input softmax_applied log_softmax_applied relu_before_fc no_fc all_steps
    wrong_nonlinearity bias_ignored no_value_error detached_state"""
BIDIR = """rev_not_realigned rev_input_not_reversed rev_input_not_reversed_last rev_along_batch rev_along_features
    rev_stack_fed_fwd_outputs rev_uses_fwd_cells fwd_duplicated fwd_first_step both_at_t0 both_mean sum_not_concat
    concat_swapped"""
PEEP = "correct output_uses_c_prev none no_output_peephole candidate_too uses_h"
PH = """correct gate_inverted h_not_blended c_not_blended no_hold_term h_from_blended_c h_only_from_c_blend swap_states
    k_as_forget correct_gate shift_sign no_mod phi_not_normalised box ron_is_absolute_time half_slope peak_at_ron"""
FAMILIES = {"lstm": LSTM, "gru": GRU, "rnn": RNN, "model": MODEL, "bidir": BIDIR, "peep": PEEP, "ph": PH}
EXPECTED = [f"{family}.{name}" for family, names in FAMILIES.items() for name in names.split()]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_known_deviation_has_an_entry(name: str) -> None:
    assert ORACLE.describe(name).id == name


@pytest.mark.parametrize("mistake", all_mistakes().values(), ids=lambda mistake: mistake.id)
def test_every_entry_is_complete_and_speaks_to_the_student(mistake: object) -> None:
    entry = all_mistakes()[mistake.id]  # type: ignore[attr-defined]  # parametrised
    assert all([entry.title, entry.formula, entry.what_you_did, entry.next_step])
    assert entry.family == entry.id.split(".")[0]
    assert "you" in entry.what_you_did.lower()
    assert entry.what_you_did.endswith(".")
    assert not entry.title.endswith(".")
    assert len((entry.what_you_did + entry.next_step).split()) <= 80
    assert not any(word in entry.what_you_did.lower() for word in ("wrong", "mistake", "should have", "forgot to"))


def test_an_unknown_mistake_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        ORACLE.describe("lstm.nothing")


def test_two_entries_of_one_name_are_refused() -> None:
    entry = text("lstm.twice", "t", formula="f", did="d", next_step="n")
    with pytest.raises(ValueError, match=r"lstm\.twice"):
        _unique([entry, entry])


def test_mistakes_are_found_by_the_beginning_of_their_name() -> None:
    found = ORACLE.nearest_mistakes("lstm.forget")
    assert list(found) == [
        "lstm.forget_bias_plus1",
        "lstm.forget_gate_tanh",
        "lstm.forget_input_swapped",
        "lstm.forget_inverted",
        "lstm.forget_on_candidate",
    ]


def test_right_forms_are_no_suggestions() -> None:
    assert [name for name in ORACLE.nearest_mistakes("") if ".correct" in name] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_no_two_entries_of_a_family_have_one_title(family: str) -> None:
    titles = [entry.title for entry in all_mistakes().values() if entry.family == family]
    assert sorted(set(titles)) == sorted(titles)


@pytest.mark.parametrize("mistake", all_mistakes().values(), ids=lambda mistake: mistake.id)
def test_whoever_made_a_mistake_has_something_to_do(mistake: Any) -> None:
    assert mistake.effect == "equivalent" or not mistake.next_step.startswith("Nothing")


def functions() -> list[FunctionMistake]:
    return [entry for family in ("peep", "ph") for entry in function_mistakes(family)]


@pytest.mark.parametrize("entry", functions(), ids=lambda entry: entry.mistake.id)
def test_a_mistake_of_a_function_takes_what_the_function_takes(entry: FunctionMistake) -> None:
    module, _, name = entry.of.rpartition(".")
    reference = getattr(importlib.import_module(f"reference.{module}"), name)
    wanted = list(inspect.signature(reference).parameters)
    found = list(inspect.signature(entry.function).parameters)
    assert found == [parameter for parameter in wanted if parameter != "form"]


@pytest.mark.parametrize("family", ["lstm", "gru", "rnn"])
def test_formulas_of_cells_are_found_by_their_family(family: str) -> None:
    found = {entry.mistake.id for entry in cell_mistakes(family)}
    assert {name for name in EXPECTED if name.startswith(f"{family}.")} <= found


def test_deviations_of_one_direction_are_not_tried_on_two() -> None:
    names = {entry.mistake.id for entry in model_mistakes("bidirectional")}
    assert "bidir.rev_not_realigned" in names
    assert "model.layers_not_stacked" in names
    assert "model.mean_pool" not in names
