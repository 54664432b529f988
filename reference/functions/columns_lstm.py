"""The memory cell with examples in columns, as functions on arrays: one step and a sequence, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from reference.cells.roles import Role, StepInputs
from reference.functions.columns_rnn import wrong_functions
from reference.functions.formulas import Array, Arrays, Formulas, Function, array
from reference.gradients.lstm_case import LSTM_GATE_ITEMS, LSTM_ITEMS, LSTMCase, lstm_gradients
from reference.gradients.lstm_columns import LSTMCache, LSTMWeights, lstm_cell_forward, lstm_forward
from reference.gradients.lstm_columns_backward import GateGradients, lstm_backward
from reference.mistakes import cell_mistakes

_WEIGHTS = tuple(f"{kind}_{gate}" for kind in "Wb" for gate in "fuco")
_IN_CACHE = ("a_next", "c_next", "f", "u", "c_tilde", "o")
_ROLES = {"i": "u", "f": "f", "g": "c", "o": "o"}
"""Gates as the formulas of cells call them -> as the columns do."""


def _weights(inputs: Arrays) -> LSTMWeights:
    return LSTMWeights(**{name: inputs[name] for name in _WEIGHTS})


def _states(cache: LSTMCache) -> Arrays:
    return {"a_next": cache.a_next, "c_next": cache.c_next}


def _step(inputs: Arrays, earlier: Arrays) -> Formulas:
    weights = _weights(inputs)
    x, a_prev, c_prev = inputs["x"], inputs["a_prev"], inputs["c_prev"]
    cache = lstm_cell_forward(x, a_prev, c_prev, weights)
    right = _states(cache)
    if "c_next" in earlier and earlier["c_next"].shape == cache.c_next.shape:
        right = {**right, "a_next": cache.o * np.tanh(earlier["c_next"])}
    return Formulas(right=right, wrong=_wrong_steps(x, a_prev, c_prev, weights))


def _wrong_steps(x: Array, a_prev: Array, c_prev: Array, weights: LSTMWeights) -> dict[str, Arrays]:
    """The new states by every named mistake of the cell; names of gates are given here, so exchanged ones are wrong."""
    hidden = len(a_prev)
    zeros = torch.zeros(hidden, dtype=torch.float64)

    def role(gate: str) -> Role:
        joined, bias = torch.tensor(getattr(weights, f"W_{gate}")), torch.tensor(getattr(weights, f"b_{gate}"))
        return Role(W_x=joined[:, hidden:], W_h=joined[:, :hidden], b_x=bias[:, 0], b_h=zeros)

    step = StepInputs(
        x=torch.tensor(x.T),
        h=torch.tensor(a_prev.T),
        c=torch.tensor(c_prev.T),
        roles={name: role(gate) for name, gate in _ROLES.items()},
    )
    right = _states(lstm_cell_forward(x, a_prev, c_prev, weights))
    found: dict[str, Arrays] = {}
    for entry in cell_mistakes("lstm"):
        a_next, c_next = (array(state).T for state in entry.step(step))
        values = {"a_next": a_next, "c_next": c_next}
        if any(np.abs(values[name] - right[name]).max() > 1e-9 for name in right):
            found[entry.mistake.id] = values
    return found


def _sequence(inputs: Arrays, earlier: Arrays) -> Formulas:
    weights = _weights(inputs)
    given = inputs["x"], inputs["a_0"], inputs["c_0"], weights
    made = wrong_functions("seqloop", "gradients.lstm_columns.lstm_forward", *given)
    wrong = {name: _stacked(caches) for name, caches in made.items()}  # type: ignore[arg-type]  # lists of caches
    return Formulas(right=_stacked(lstm_forward(*given)), wrong=wrong)


def _stacked(caches: Sequence[LSTMCache]) -> Arrays:
    return {
        "a": np.stack([cache.a_next for cache in caches], axis=2),
        "c": np.stack([cache.c_next for cache in caches], axis=2),
    }


def _cache(inputs: Arrays, weights: LSTMWeights) -> LSTMCache:
    """The cache as given, or the right one where its entries are not."""
    right = lstm_cell_forward(inputs["x"], inputs["a_prev"], inputs["c_prev"], weights)
    for name in _IN_CACHE:
        if name in inputs and inputs[name].shape != right.a_next.shape:
            raise ValueError(f"{name} has shape {inputs[name].shape}; wanted {right.a_next.shape}")
    return LSTMCache(
        **{name: inputs[name] if name in inputs else getattr(right, name) for name in _IN_CACHE},
        a_prev=right.a_prev,
        c_prev=right.c_prev,
        x=right.x,
        weights=weights,
    )


def _case(inputs: Arrays, earlier: Arrays) -> LSTMCase:
    gates = None
    if all(name in earlier for name in LSTM_GATE_ITEMS):
        gates = GateGradients(**{name: earlier[name] for name in LSTM_GATE_ITEMS})
        if gates.d_f.shape != inputs["da_next"].shape:
            raise ValueError("the gradients of the gates have another shape than da_next")
    cache = _cache(inputs, _weights(inputs))
    return LSTMCase(da_next=inputs["da_next"], dc_next=inputs["dc_next"], cache=cache, gates=gates)


def _step_back(inputs: Arrays, earlier: Arrays) -> Formulas:
    case = _case(inputs, earlier)
    wrong = wrong_functions("seq", "gradients.lstm_case.lstm_gradients", case)
    if case.gates is not None:
        # Mistakes of the gates show where their gradients were computed anew in here.
        own = wrong_functions("seq", "gradients.lstm_case.lstm_gradients", replace(case, gates=None))
        right = _only(lstm_gradients(case), LSTM_ITEMS)
        wrong = {name: _first_that_differs(wrong[name], own[name], right) for name in wrong}
    return Formulas(right=lstm_gradients(case), wrong=wrong)


def _first_that_differs(followed: Arrays, own: Arrays, right: Arrays) -> Arrays:
    """Output by output the mistake after the given gates, or where that changes nothing, with gates of its own."""
    found = {}
    for name in right:
        one = followed.get(name)
        same = one is not None and one.shape == right[name].shape and np.allclose(one, right[name], rtol=1e-9)
        value = own.get(name) if same else one
        if value is not None:
            found[name] = value
    return found


def _gates(inputs: Arrays, earlier: Arrays) -> Formulas:
    case = _case(inputs, {})
    wrong = wrong_functions("seq", "gradients.lstm_case.lstm_gradients", case)
    return Formulas(
        right=_only(lstm_gradients(case), LSTM_GATE_ITEMS),
        wrong={name: _only(values, LSTM_GATE_ITEMS) for name, values in wrong.items()},
    )


def _only(values: Mapping[str, Array], names: Sequence[str]) -> Arrays:
    return {name: values[name] for name in names if name in values}


def _sequence_back(inputs: Arrays, earlier: Arrays) -> Formulas:
    x, da, weights = inputs["x"], inputs["da"], _weights(inputs)
    if "a_prev" in inputs and "c_prev" in inputs:
        names = ("x", "a_prev", "c_prev", *(name for name in _IN_CACHE if name in inputs))
        caches = [_cache({name: inputs[name][:, :, t] for name in names}, weights) for t in range(x.shape[2])]
    else:
        caches = lstm_forward(x, inputs["a_0"], inputs["c_0"], weights)
    wrong = wrong_functions("seqloop", "gradients.lstm_columns_backward.lstm_backward", da, caches)
    wrong |= wrong_functions("seqloop", "gradients.rnn_columns_sequence.rnn_backward", da, caches)
    return Formulas(right=lstm_backward(da, caches), wrong=wrong)


_LOOP_ITEMS = tuple(name for name in LSTM_ITEMS if name.startswith("d") and name[1] in "Wb")

LSTM_FUNCTIONS = {
    "lstm_cell_forward": Function(
        needs=("x", "a_prev", "c_prev", *_WEIGHTS), outputs=("a_next", "c_next"), evaluate=_step
    ),
    "lstm_forward": Function(needs=("x", "a_0", "c_0", *_WEIGHTS), outputs=("a", "c"), evaluate=_sequence),
    "lstm_gate_gradients": Function(
        needs=("da_next", "dc_next", "x", "a_prev", "c_prev", *_WEIGHTS),
        may=_IN_CACHE,
        outputs=LSTM_GATE_ITEMS,
        evaluate=_gates,
    ),
    "lstm_cell_backward": Function(
        needs=("da_next", "dc_next", "x", "a_prev", "c_prev", *_WEIGHTS),
        may=_IN_CACHE,
        outputs=LSTM_ITEMS,
        evaluate=_step_back,
    ),
    "lstm_backward": Function(
        needs=("da", "x", "a_0", "c_0", *_WEIGHTS),
        may=("a_prev", "c_prev", *_IN_CACHE),
        outputs=("dx", "da_0", "dc_0", *_LOOP_ITEMS),
        evaluate=_sequence_back,
    ),
}
