"""The catalogue is complete, well written, and its formulas can be told apart."""

from __future__ import annotations

import itertools

import pytest
import torch
from helpers.observations import noise

from reference.cells import Role, StepInputs
from reference.mistakes import _unique, all_mistakes, cell_mistakes, model_mistakes
from reference.mistakes.catalogue import text
from reference.oracle import ORACLE
from reference.recognition import FAMILIES

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
EXPECTED = [
    f"{family}.{name}"
    for family, names in (("lstm", LSTM), ("gru", GRU), ("rnn", RNN), ("model", MODEL), ("bidir", BIDIR))
    for name in names.split()
]


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


def _run(family: str, name: str, seed: int, *, zero_state: bool = False, state_bias: bool = True) -> torch.Tensor:
    known = FAMILIES[family]
    step = next(entry.step for entry in cell_mistakes(known.prefix) if entry.mistake.id == name)
    d, n = 5, 4
    roles = {
        role: Role(
            W_x=noise(seed + 10 * i, n, d),
            W_h=noise(seed + 10 * i + 1, n, n),
            b_x=noise(seed + 10 * i + 2, n),
            b_h=noise(seed + 10 * i + 3, n) * state_bias,
        )
        for i, role in enumerate(known.roles)
    }
    state = 0.0 if zero_state else 1.0
    h, c = noise(seed + 91, 6, n) * state, noise(seed + 92, 6, n) * state
    inputs = StepInputs(x=noise(seed + 90, 6, d), h=h, c=c, roles=roles, activation=known.activation)
    return torch.cat(torch.broadcast_tensors(*step(inputs)), dim=1)  # type: ignore[no-untyped-call]  # torch's own


def _collisions(family: str, **situation: bool) -> set[frozenset[str]]:
    values = {
        entry.mistake.id: _run(family, entry.mistake.id, 3, **situation)
        for entry in cell_mistakes(FAMILIES[family].prefix)
    }
    return {
        frozenset(pair)
        for pair in itertools.combinations(values, 2)
        if float((values[pair[0]] - values[pair[1]]).abs().max()) < 1e-6
    }


def _pairs(*names: str) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in itertools.combinations(names, 2)}


def test_lstm_formulas_are_distinct_but_for_what_only_gradients_show() -> None:
    assert _collisions("lstm") == _pairs("lstm.correct", "lstm.detached_state")


def test_gru_formulas_are_distinct_but_for_what_only_gradients_show() -> None:
    assert _collisions("gru") == _pairs("gru.correct_after", "gru.detached_state")


def test_rnn_formulas_are_distinct_but_for_the_right_form_itself() -> None:
    assert _collisions("rnn_tanh") == _pairs("rnn.correct_tanh", "rnn.tanh_for_relu", "rnn.detached_state") | _pairs(
        "rnn.correct_relu", "rnn.relu_for_tanh"
    )


def test_zero_states_hide_what_multiplies_them() -> None:
    found = _collisions("lstm", zero_state=True)
    hidden = ("no_forget_gate", "forget_gate_tanh", "coupled_gates_i", "forget_inverted", "c_prev_dropped")
    assert _pairs("lstm.correct", *(f"lstm.{name}" for name in hidden)) <= found


def test_without_a_state_bias_its_omission_cannot_be_seen() -> None:
    assert _pairs("lstm.correct", "lstm.bias_once_dropped_bh", "lstm.detached_state") == _collisions(
        "lstm", state_bias=False
    )


def test_deviations_of_one_direction_are_not_tried_on_two() -> None:
    names = {entry.mistake.id for entry in model_mistakes("bidirectional")}
    assert "bidir.rev_not_realigned" in names
    assert "model.layers_not_stacked" in names
    assert "model.mean_pool" not in names
