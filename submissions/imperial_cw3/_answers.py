"""Samples that differ from the model solution between markers only, each with what it is for."""

from __future__ import annotations

ANSWERS: dict[str, dict[str, str]] = {
    # Gates in the order f, i, g, o cut by slices; GRU n, r, z, reset after the product, update weights the candidate.
    "s002-right-gates-figo": {"1a": "figo", "1b": "figo", "1c": "nrz", "1d": "nrz", "2f": "spelled-out"},
    # Gates in the order o, g, i, f; GRU z, n, r as h + z (m - h); while loop, forward called directly.
    "s003-right-gates-ogif": {"1b": "ogif", "1d": "znr", "2e": "direct", "2g": "insert-in-front"},
    # Gates in the order g, o, f, i with the sigmoid written out; GRU with the reset before the product.
    "s004-right-gates-gofi": {"1b": "gofi", "1c": "before", "1d": "before", "2a": "first-then-rest"},
    # Eight separate maps, six separate maps; lists of cells by comprehension, extend and +=.
    "s005-right-separate-maps": {
        **{"1a": "separate", "1b": "separate", "1c": "separate", "1d": "separate"},
        **{"2a": "comprehension", "2b": "comprehension", "2c": "comprehension", "2d": "comprehension"},
        **{"2f": "helper", "2g": "inner-function"},
    },
    # [h, x] in one map; GRU with two such maps, reset before the product, update weights the candidate.
    "s006-right-joined-map": {"1a": "joined", "1b": "joined", "1c": "joined", "1d": "joined"},
    # Biases on the side of the input only; cells called with keywords.
    "s007-right-one-bias": {"1a": "one-bias", "1c": "one-bias", "2e": "keywords", "2b": "first-then-rest"},
    # Raw parameters, x @ W; without a bias they are None or 0.
    "s008-right-raw-parameters": {"1a": "raw", "1b": "raw", "1c": "raw", "1d": "raw"},
    # Time in the outer loop, layers in the inner one; the reverse outputs are put in their place at once.
    "s013-right-time-outside": {"2e": "time-outside", "2g": "time-outside"},
    # A constant added to the forget gate: the same functions with another bias, accepted by the rubric's policy.
    "s014-right-forget-bias": {"1b": "forget-bias"},
    # One named mistake each.
    "s020-lstm-forget-inverted": {"1b": "forget-inverted"},
    "s021-lstm-no-output-tanh": {"1b": "no-output-tanh"},
    "s024-lstm-previous-cell-dropped": {"1b": "previous-cell-dropped"},
    "s025-lstm-detached-state": {"1b": "detached"},
    "s026-lstm-constructor-broken": {"1a": "typo"},
    "s027-lstm-bias-ignored": {"1a": "bias-ignored"},
    "s028-gru-no-reset": {"1d": "no-reset"},
    "s029-gru-reset-on-x": {"1d": "reset-on-x"},
    "s030-gru-same-gate-both": {"1d": "same-gate-both"},
    "s031-gru-plain-sum": {"1d": "plain-sum"},
    "s032-gru-candidate-sigmoid": {"1d": "candidate-sigmoid"},
    "s033-model-layers-not-stacked": {"2e": "layers-not-stacked"},
    "s034-model-hidden-reset-each-step": {"2e": "hidden-reset-each-step"},
    "s035-model-mean-pool": {"2e": "mean-pool"},
    "s036-model-first-step-output": {"2e": "first-step-output"},
    "s037-model-lstm-uses-cell-output": {"2e": "lstm-uses-cell-output"},
    "s038-model-detached-state": {"2e": "detached-state"},
    "s039-model-wrong-nonlinearity": {"2d": "wrong-nonlinearity"},
    "s040-model-bias-ignored": {"2b": "bias-ignored"},
    "s041-bidir-rev-not-realigned": {"2g": "rev-not-realigned"},
    "s042-bidir-rev-input-not-reversed": {"2g": "rev-input-not-reversed"},
    "s043-bidir-rev-uses-fwd-cells": {"2g": "rev-uses-fwd-cells"},
    "s044-bidir-no-value-error": {"2f": "no-value-error"},
    # Two mistakes in two places: the wrong cell is charged in 1b, the wrong loop in 2e, neither of them twice.
    "s045-two-mistakes": {"1b": "forget-inverted", "2e": "layers-not-stacked"},
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
