"""Formulas of cells and models that cannot be told apart under some condition.

On generic inputs every two formulas of a family differ, but for the pairs whose condition says otherwise. So inputs
that meet one of these conditions must not be the only ones by which an answer is judged. `case` names the inputs that
show a collision; its first part is the family of identifiers that a bare name belongs to.
"""

from __future__ import annotations

from reference.mistakes.catalogue import Collision


def _same(case: str, condition: str, names: str) -> Collision:
    """Names without a dot belong to the family of the case."""
    family = case.split(".")[0]
    identifiers = tuple(name if "." in name else f"{family}.{name}" for name in names.split())
    return Collision(same=identifiers, condition=condition, case=case)


_VALUES = "only values are compared, not gradients"
_NO_STATE_BIAS = "the state's map has no bias"
_FORGETTING = "no_forget_gate forget_gate_tanh coupled_gates_i forget_inverted forget_bias_plus1 c_prev_dropped"

LSTM = (
    _same("lstm.values-only", _VALUES, "correct detached_state"),
    _same(
        "lstm.zero-states",
        "both states are zero and one step is taken: f multiplies zero",
        f"correct {_FORGETTING} candidate_from_c gates_from_c state_unpacked_swapped",
    ),
    _same(
        "lstm.zero-states",
        "both states are zero and one step is taken: the state's map gives its bias only",
        "gates_ignore_h bias_once_dropped_bh",
    ),
    _same(
        "lstm.zero-cell", "the cell state is zero and one step is taken: f multiplies zero", f"correct {_FORGETTING}"
    ),
    _same("lstm.no-state-bias", _NO_STATE_BIAS, "correct bias_once_dropped_bh"),
    _same(
        "lstm.zero-states-no-bias",
        "there is no bias, both states are zero and one step is taken: the state's map gives zero",
        f"""correct {_FORGETTING} candidate_from_c gates_from_c state_unpacked_swapped gates_ignore_h
        bias_once_dropped_bh""",
    ),
    _same(
        "lstm.zero-states-no-bias",
        "there is no bias, both states are zero and one step is taken: every gate is σ(0)",
        "gates_ignore_x xh_multiplied",
    ),
)

GRU = (
    _same("gru.values-only", _VALUES, "correct_after detached_state"),
    _same(
        "gru.zero-state",
        "the state is zero and one step is taken: z and r multiply zero",
        "correct_after reset_twice reset_on_carry plain_sum",
    ),
    _same(
        "gru.zero-state",
        "the state is zero and one step is taken: r multiplies zero",
        "correct_before no_reset after_bias_outside",
    ),
    _same(
        "gru.zero-state",
        "the state is zero and one step is taken: r multiplies zero",
        "correct_before_conv2 no_reset_conv2",
    ),
    _same("gru.zero-state", "the state is zero and one step is taken: z multiplies zero", "no_update no_complement"),
    _same(
        "gru.zero-state",
        "the state is zero and one step is taken: whatever weights the old state weights zero",
        "correct_after_conv2 same_gate_both r_and_z_blend returns_candidate_mix_old",
    ),
    _same("gru.no-state-bias", _NO_STATE_BIAS, "correct_after after_bias_outside"),
    _same(
        "gru.zero-state-no-bias",
        "there is no bias, the state is zero and one step is taken: the reset gate multiplies zero in every place",
        """correct_after correct_before no_reset reset_twice reset_on_carry reset_inverted reset_tanh
        candidate_ignores_h gates_ignore_h after_bias_outside plain_sum""",
    ),
    _same(
        "gru.zero-state-no-bias",
        "there is no bias, the state is zero and one step is taken, for the other update convention",
        """correct_after_conv2 correct_before_conv2 no_reset_conv2 same_gate_both r_and_z_blend
        returns_candidate_mix_old""",
    ),
    _same(
        "gru.zero-state-no-bias",
        "there is no bias, the state is zero and one step is taken: the sum is the input's part",
        "reset_on_x reset_on_sum",
    ),
    _same(
        "gru.zero-state-no-bias",
        "there is no bias, the state is zero and one step is taken: z multiplies zero",
        "no_update no_complement",
    ),
)

_ZERO_STATE = "the state is zero and one step is taken"
_BARE = f"there is no bias, {_ZERO_STATE}"

RNN = tuple(
    collision
    for asked, other in (("tanh", "relu"), ("relu", "tanh"))
    for collision in (
        _same(f"rnn.values-only-{asked}", f"{asked} is asked for and {_VALUES}", f"correct_{asked} detached_state"),
        _same(
            f"rnn.values-only-{asked}",
            f"the two are one formula: right where {asked} is asked for, a mistake where {other} is",
            f"correct_{asked} {asked}_for_{other}",
        ),
        _same(
            f"rnn.values-only-{asked}",
            f"the two are one formula: right where {other} is asked for, a mistake where {asked} is",
            f"correct_{other} {other}_for_{asked}",
        ),
        _same(
            f"rnn.zero-state-{asked}",
            f"{asked} is asked for, {_ZERO_STATE}: the recurrent matrix multiplies zero",
            f"correct_{asked} Whh_transposed residual",
        ),
        _same(
            f"rnn.zero-state-{asked}",
            f"{asked} is asked for, {_ZERO_STATE}: the state's map gives its bias only",
            "ignore_h bh_dropped",
        ),
        _same(
            f"rnn.no-state-bias-{asked}", f"{asked} is asked for and {_NO_STATE_BIAS}", f"correct_{asked} bh_dropped"
        ),
        _same(
            f"rnn.zero-state-no-bias-{asked}",
            f"{asked} is asked for, {_BARE}: the state's map gives zero",
            f"correct_{asked} Whh_transposed residual activation_split act_on_x_only ignore_h bh_dropped",
        ),
        _same(
            f"rnn.zero-state-no-bias-{asked}",
            f"{asked} is asked for, {_BARE}: the activation acts on zero",
            "linear act_on_h_only",
        ),
        _same(
            f"rnn.zero-state-no-bias-{asked}",
            f"{asked} is asked for, {_BARE}: the sum is zero",
            "ignore_x multiplied",
        ),
    )
)

PEEPHOLES = (
    _same("peep.zero-cell", "the old cell is zero: peepholes on it see nothing", "correct candidate_too"),
    _same(
        "peep.zero-cell",
        "the old cell is zero: peepholes on it see nothing, and the new cell is not looked at",
        "output_uses_c_prev none no_output_peephole",
    ),
    _same("peep.zero-hidden", "the old hidden state is zero: peepholes on it see nothing", "none uses_h"),
    _same(
        "peep.zero-peepholes",
        "all peepholes are zero, as they are where nobody has filled them",
        "correct output_uses_c_prev none no_output_peephole candidate_too uses_h",
    ),
)

PHASED = (
    _same(
        "ph.open",
        "the time gate is fully open, k = 1: nothing is held",
        "correct h_from_blended_c h_not_blended c_not_blended no_hold_term h_only_from_c_blend swap_states",
    ),
    _same(
        "ph.closed", "the time gate is closed, k = 0: nothing is taken from the proposals", "correct h_from_blended_c"
    ),
    _same("ph.half-open", "the time gate is half open, k = 0.5 = 1 − k", "correct gate_inverted"),
    _same("ph.zero-states", "both states are zero: what is held is zero", "correct no_hold_term swap_states"),
    _same("ph.equal-states", "hidden and cell state are equal", "correct swap_states"),
    _same("ph.no-shift", "the shift is zero, s = 0", "correct_gate shift_sign"),
    _same(
        "ph.shift-of-half-a-period",
        "the shift is half a period, s = τ/2: s and −s are one phase",
        "correct_gate shift_sign",
    ),
    _same(
        "ph.period-of-one",
        "the period is one, τ = 1: times are phases",
        "correct_gate phi_not_normalised ron_is_absolute_time",
    ),
    _same(
        "ph.no-leak",
        "the gate has no leak, α = 0: only the leak depends on the phase itself, all else on its ratio to r_on",
        "phi_not_normalised ron_is_absolute_time",
    ),
    _same("ph.first-period", "all times lie in the first period, s ≤ t < s + τ", "correct_gate no_mod"),
    _same(
        "ph.closed-part",
        "all times lie in the closed part of the first period: there is nothing but the leak",
        "correct_gate no_mod box ron_is_absolute_time half_slope peak_at_ron",
    ),
)

_STACKING = "model.state_carried_between_layers model.layers_not_stacked model.only_first_layer model.same_cell_reused"
_ONE_LAYER = "there is one layer: nothing lies between layers"
_TWO_LAYERS = "there are two layers: the second is the only one that could be used again"
_NO_CELL_STATE = "the cells return one state, as GRU and plain cells do"
_GATED = "the cells are gated: they have no activation that a mode could exchange"
_RELU = "the cells end in relu: no state is negative"
_DEAD = "all units are dead, as small nets of relu cells can be: every state is zero"

MODELS = (
    _same("model.values-only", _VALUES, "correct detached_state"),
    _same("model.no-cell-state", _NO_CELL_STATE, "correct lstm_uses_cell_output"),
    _same("model.gated-cells", _GATED, "correct wrong_nonlinearity"),
    _same("model.relu-cells", _RELU, "correct relu_before_fc"),
    _same("model.one-layer", _ONE_LAYER, f"correct {_STACKING}"),
    _same("model.two-layers", _TWO_LAYERS, "correct same_cell_reused"),
    _same(
        "model.one-step",
        "the sequence has one step: all steps are the last",
        "correct first_step_output mean_pool max_pool sum_pool hidden_reset_each_step reversed_input",
    ),
    _same(
        "model.two-steps",
        "the sequence has two steps: the last but one is the first",
        "first_step_output skips_last_step",
    ),
    _same(
        "model.dead",
        _DEAD,
        f"""correct first_step_output skips_last_step mean_pool max_pool sum_pool hidden_reset_each_step reversed_input
        relu_before_fc detached_state {_STACKING}""",
    ),
    _same("bidir.values-only", _VALUES, "correct model.detached_state"),
    _same("bidir.values-only", "the two are one formula", "fwd_first_step both_at_t0"),
    _same("bidir.no-cell-state", _NO_CELL_STATE, "correct model.lstm_uses_cell_output"),
    _same("bidir.gated-cells", _GATED, "correct model.wrong_nonlinearity"),
    _same("bidir.relu-cells", _RELU, "correct model.relu_before_fc"),
    _same("bidir.one-layer", f"{_ONE_LAYER}, so nothing is joined there either", f"correct layer_wise {_STACKING}"),
    _same("bidir.two-layers", _TWO_LAYERS, "correct model.same_cell_reused"),
    _same(
        "bidir.one-step",
        "the sequence has one step: all steps are the last, and both directions read the same",
        """correct rev_not_realigned rev_input_not_reversed rev_input_not_reversed_last fwd_first_step both_at_t0
        both_mean model.hidden_reset_each_step""",
    ),
    _same(
        "bidir.one-step",
        "the sequence has one step: the forward cells give the same in both directions",
        "rev_uses_fwd_cells fwd_duplicated",
    ),
    _same(
        "bidir.one-sample",
        "the batch has one sample: reversing it does nothing",
        "rev_along_batch rev_input_not_reversed_last",
    ),
    _same(
        "bidir.one-feature",
        "the input has one feature: reversing it does nothing",
        "rev_along_features rev_input_not_reversed_last",
    ),
    _same(
        "bidir.unequal-widths",
        "the input is not as wide as the hidden state: both stop with an error about shapes",
        "model.layers_not_stacked rev_stack_fed_fwd_outputs",
    ),
    _same(
        "bidir.dead",
        _DEAD,
        f"""correct rev_not_realigned rev_input_not_reversed rev_input_not_reversed_last rev_along_batch
        rev_along_features rev_stack_fed_fwd_outputs rev_uses_fwd_cells fwd_duplicated fwd_first_step both_at_t0
        both_mean sum_not_concat concat_swapped model.hidden_reset_each_step model.relu_before_fc model.detached_state
        {_STACKING}""",
    ),
)

COLLISIONS = (*LSTM, *GRU, *RNN, *PEEPHOLES, *PHASED, *MODELS)
