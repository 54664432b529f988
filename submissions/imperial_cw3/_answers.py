"""Samples that differ from the model solution in what the rubric plants, or between markers only."""

from __future__ import annotations

PLANTED_SAMPLES: dict[str, tuple[str, ...]] = {
    "s002-right-gates-figo": ("gates f, i, g, o by slices",),
    "s003-right-gates-ogif": ("gates o, g, i, f by split",),
    "s004-right-gates-gofi": ("gates g, o, f, i with the sigmoid written out",),
    "s005-right-separate-maps": ("separate maps",),
    "s006-right-joined-map": ("one map of state and input side by side",),
    "s007-right-one-bias": ("biases of the input's map only, cells called with keywords",),
    "s008-right-raw-parameters": ("raw parameters",),
    "s013-right-time-outside": ("time outside, layers inside",),
    "s014-right-forget-bias": ("a constant added to the forget gate",),
    # One named mistake each.
    "s020-lstm-forget-inverted": ("lstm.forget_inverted in 1b",),
    "s021-lstm-no-output-tanh": ("lstm.no_output_tanh in 1b",),
    "s022-lstm-return-swapped": ("lstm.return_swapped in 1b",),
    "s024-lstm-previous-cell-dropped": ("lstm.c_prev_dropped in 1b",),
    "s025-lstm-detached-state": ("lstm.detached_state in 1b",),
    "s026-lstm-constructor-broken": ("misspelt name in 1a",),
    "s027-lstm-bias-ignored": ("bias ignored in 1a",),
    "s028-gru-no-reset": ("gru.no_reset in 1d",),
    "s029-gru-reset-on-x": ("gru.reset_on_x in 1d",),
    "s030-gru-same-gate-both": ("gru.same_gate_both in 1d",),
    "s031-gru-plain-sum": ("gru.plain_sum in 1d",),
    "s032-gru-candidate-sigmoid": ("gru.candidate_sigmoid in 1d",),
    "s033-model-layers-not-stacked": ("model.layers_not_stacked in 2e",),
    "s034-model-hidden-reset-each-step": ("model.hidden_reset_each_step in 2e",),
    "s035-model-mean-pool": ("model.mean_pool in 2e",),
    "s036-model-first-step-output": ("model.first_step_output in 2e",),
    "s037-model-lstm-uses-cell-output": ("model.lstm_uses_cell_output in 2e",),
    "s038-model-detached-state": ("model.detached_state in 2e",),
    "s039-model-wrong-nonlinearity": ("model.wrong_nonlinearity in 2d",),
    "s040-model-bias-ignored": ("model.bias_ignored in 2b",),
    "s041-bidir-rev-not-realigned": ("bidir.rev_not_realigned in 2g",),
    "s042-bidir-rev-input-not-reversed": ("bidir.rev_input_not_reversed in 2g",),
    "s043-bidir-rev-uses-fwd-cells": ("bidir.rev_uses_fwd_cells in 2g",),
    "s044-bidir-no-value-error": ("model.no_value_error in 2f",),
    # Two mistakes in two places: the wrong cell is charged in 1b, the wrong loop in 2e, neither of them twice.
    "s045-two-mistakes": ("lstm.forget_inverted in 1b", "model.layers_not_stacked in 2e"),
}
"""File name -> headings of mutants or alternatives."""

ANSWERS: dict[str, dict[str, str]] = {
    # A bracket is missing in the last question: the cell does not parse, the classes above it count all the same.
    "s054-messy-syntax-error": {"2g": "bracket-missing"},
    # A loop that never ends inside a step: the cell is lost, the models are judged with stand-ins.
    "s061-hostile-endless-forward": {"1b": "endless"},
    # Memory is eaten inside a step of the GRU cell.
    "s063-hostile-memory-eater": {"1d": "hoarding"},
    # The forbidden layer inside the cell: a person is told, nothing is deducted by machine.
    "s072-hostile-forbidden-layer": {"1a": "library", "1b": "library"},
}
"""File name -> question -> name of a block in `_variants`."""
