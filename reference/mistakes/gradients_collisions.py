"""Gradients that cannot be told apart where the inputs are too simple, or where one item alone is looked at."""

from __future__ import annotations

from reference.mistakes.catalogue import Collision


def _same(family: str, names: str, condition: str, case: str) -> Collision:
    return Collision(same=tuple(f"{family}.{name}" for name in names.split()), condition=condition, case=case)


COLLISIONS = (
    _same(
        "uva",
        """correct truncated_one_step truncated_two_steps Whh_not_transposed one_path_only same_factor_each_step
        product_times_recursion""",
        "the sequence has one step",
        "uva_one_step",
    ),
    _same(
        "uva",
        """correct truncated_one_step truncated_two_steps Whh_not_transposed one_path_only same_factor_each_step
        product_times_recursion one_factor_too_many recursion_without_direct_term sign_flipped
        dp_is_minus_y_over_yhat dp_is_yhat softmax_denominator_unsquared no_tanh_derivative tanh_derivative_of_h
        one_minus_tanh sigmoid_derivative outer_transposed""",
        "the sequence has one step and h_0 = 0, so that dW_h is zero; looked at dW_h",
        "uva_one_step_zero_state",
    ),
    _same(
        "uva",
        "correct truncated_two_steps same_factor_each_step",
        "the sequence has two steps",
        "uva_two_steps",
    ),
    _same(
        "uva",
        "correct truncated_one_step truncated_two_steps Whh_not_transposed same_factor_each_step",
        "the sequence has two steps and h_0 = 0, which ends the longer path; looked at dW_h",
        "uva_two_steps_zero_state",
    ),
    _same(
        "uva",
        "one_factor_too_many product_times_recursion",
        "the sequence has two steps and h_0 = 0; looked at dW_h",
        "uva_two_steps_zero_state",
    ),
    _same(
        "uva",
        "recursion_without_direct_term one_path_only",
        "the sequence has two steps and h_0 = 0; looked at dW_h",
        "uva_two_steps_zero_state",
    ),
    _same(
        "uva",
        "correct truncated_two_steps same_factor_each_step",
        "the sequence has three steps and h_0 = 0; looked at dW_h",
        "uva_three_steps_zero_state",
    ),
    _same(
        "uva",
        "recursion_without_direct_term one_path_only",
        "the sequence has three steps and h_0 = 0; looked at dW_h",
        "uva_three_steps_zero_state",
    ),
    _same(
        "uva",
        "recursion_without_direct_term one_path_only",
        "h_0 = 0, since both are zero then; looked at dW_h",
        "uva_zero_state",
    ),
    _same(
        "tau",
        "correct local_vs_total",
        "h_0 = 0 and local gradients are asked for; looked at dW_hz, dW_hg, dW_xr and dW_hr",
        "tau_zero_state",
    ),
    _same(
        "tau",
        "correct local_vs_total",
        "h_0 = 0 and total gradients are asked for; looked at dW_hz, dW_hg, dW_xr and dW_hr",
        "tau_zero_state_total",
    ),
    _same("tau", "correct seed_e hg_T outer_transposed", "there is one unit and one input", "tau_scalar"),
    _same("tau", "correct x1", "both steps have the same input", "tau_same_input"),
    _same(
        "seq",
        "correct eq8_noparen eq9_noparen eq10_noparen seed10 no_dc_next eq16_only_da",
        "nothing comes back from the next cell, dc = 0, as at the last step",
        "seq_no_dc_next",
    ),
    _same(
        "seq",
        "correct no_da_path dtanh_of_c dtanh_missing o_uses_c eq16_no_da",
        "nothing comes back through the hidden state, da = 0",
        "seq_no_da_next",
    ),
    _same("seq", "seed8 eq8_noparen", "nothing comes back through the hidden state, da = 0", "seq_no_da_next"),
    _same("seq", "correct eq10_noparen", "the old cell is zero, c_prev = 0", "seq_zero_cell"),
    _same("seq", "correct mean_batch", "there is one example", "seq_one_example"),
    _same("seq", "correct no_transpose", "there is one unit", "seq_one_unit"),
    _same("seq", "no_da_path eq16_no_da", "dc_prev alone is looked at", "seq_dc_prev_alone"),
    _same("seq", "no_dc_next eq16_only_da", "dc_prev alone is looked at", "seq_dc_prev_alone"),
)
