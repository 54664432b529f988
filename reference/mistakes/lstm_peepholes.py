"""Named mistakes of the LSTM cell with peepholes: which gate looks at which state. A_k: pre-activation of gate k.

Two entries are right forms. Every function takes what `reference.cells.lstm_peephole_step` takes, but for the form.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, sigmoid, tanh

from reference.cells import PeepholeForm, Peepholes, Role, lstm_peephole_step, lstm_step
from reference.mistakes.catalogue import function_mistake

_STEP = "cells.lstm_peepholes.lstm_peephole_step"


@function_mistake(
    "peep.correct",
    "LSTM cell with peepholes",
    of=_STEP,
    formula="i, f = σ(A_i + p_i ⊙ c), σ(A_f + p_f ⊙ c),  o = σ(A_o + p_o ⊙ c')",
    did="Your cell is the published one: the output gate looks at the new cell state.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], peepholes: Peepholes) -> tuple[Tensor, Tensor]:
    return lstm_peephole_step(x, h, c, p, peepholes)


@function_mistake(
    "peep.output_uses_c_prev",
    "Output gate looks at the old cell",
    of=_STEP,
    formula="o = σ(A_o + p_o ⊙ c)",
    did="Your output gate looks at the cell before its update. Some notes print it so; the paper has the new one.",
    next_step="Change the candidate's bias only: does your output gate change? Which form does the question print?",
    effect="equivalent",
    severity="minor",
)
def output_uses_c_prev(
    x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], peepholes: Peepholes
) -> tuple[Tensor, Tensor]:
    return lstm_peephole_step(x, h, c, p, peepholes, PeepholeForm(output="old"))


@function_mistake(
    "peep.none",
    "Peepholes not used",
    of=_STEP,
    formula="i, f, o = σ(A_i), σ(A_f), σ(A_o)",
    did="None of your gates looks at the cell state: this is the ordinary cell, and the peepholes have no effect.",
    next_step="Call backward once and print the gradient of each peephole.",
)
def none(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], peepholes: Peepholes) -> tuple[Tensor, Tensor]:
    return lstm_step(x, h, c, p)


@function_mistake(
    "peep.no_output_peephole",
    "Output gate without its peephole",
    of=_STEP,
    formula="o = σ(A_o)",
    did="Your input and forget gates look at the cell state; your output gate does not.",
    next_step="Set p_o to 20 and see whether the hidden state changes.",
    severity="minor",
)
def no_output_peephole(
    x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], peepholes: Peepholes
) -> tuple[Tensor, Tensor]:
    i, f = sigmoid(p["i"](x, h) + peepholes.p_i * c), sigmoid(p["f"](x, h) + peepholes.p_f * c)
    c_new = f * c + i * tanh(p["g"](x, h))
    return sigmoid(p["o"](x, h)) * tanh(c_new), c_new


@function_mistake(
    "peep.candidate_too",
    "Peephole on the candidate",
    of=_STEP,
    formula="g = tanh(A_g + p_i ⊙ c)",
    did="Your candidate looks at the cell state, too; peepholes lead to the three gates only.",
    next_step="Set the candidate's map to 0 (weights and bias) and print the candidate for two different cells.",
)
def candidate_too(
    x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], peepholes: Peepholes
) -> tuple[Tensor, Tensor]:
    i, f = sigmoid(p["i"](x, h) + peepholes.p_i * c), sigmoid(p["f"](x, h) + peepholes.p_f * c)
    c_new = f * c + i * tanh(p["g"](x, h) + peepholes.p_i * c)
    return sigmoid(p["o"](x, h) + peepholes.p_o * c_new) * tanh(c_new), c_new


@function_mistake(
    "peep.uses_h",
    "Peepholes look at the hidden state",
    of=_STEP,
    formula="i, f, o = σ(A_i + p_i ⊙ h), σ(A_f + p_f ⊙ h), σ(A_o + p_o ⊙ h)",
    did="Your peepholes multiply the old hidden state, which the gates see anyway; they do not see the cell state.",
    next_step="Change the old cell only, with h as it is, and see whether any gate changes.",
)
def uses_h(x: Tensor, h: Tensor, c: Tensor, p: Mapping[str, Role], peepholes: Peepholes) -> tuple[Tensor, Tensor]:
    i, f = sigmoid(p["i"](x, h) + peepholes.p_i * h), sigmoid(p["f"](x, h) + peepholes.p_f * h)
    c_new = f * c + i * tanh(p["g"](x, h))
    return sigmoid(p["o"](x, h) + peepholes.p_o * h) * tanh(c_new), c_new
