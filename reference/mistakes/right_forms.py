"""The accepted formulas of each family, named in the same way as mistakes so that a rubric can ask for one of them."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.cells import GRUForm, StepInputs, gru_step, lstm_step, rnn_step
from reference.mistakes.catalogue import cell_mistake, text

_ASKED = "Compare your formula with the one in the question, gate by gate, for one hidden unit on paper."


@cell_mistake(
    "lstm.correct",
    "Long short-term memory cell",
    formula="c' = f ⊙ c + i ⊙ g,  h' = o ⊙ tanh(c')",
    did="Your cell is the standard one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    searched=False,
)
def lstm_correct(s: StepInputs) -> tuple[Tensor, ...]:
    return lstm_step(s.x, s.h, s.c, s.roles)


@cell_mistake(
    "rnn.correct_tanh",
    "Recurrent cell with tanh",
    formula="h' = tanh(x W_xᵀ + h W_hᵀ + b)",
    did="Your cell is the standard one with tanh.",
    next_step="Nothing to do here.",
    effect="equivalent",
    searched=False,
)
def rnn_correct_tanh(s: StepInputs) -> tuple[Tensor, ...]:
    return (rnn_step(s.x, s.h, s.roles["a"], torch.tanh),)


@cell_mistake(
    "rnn.correct_relu",
    "Recurrent cell with relu",
    formula="h' = relu(x W_xᵀ + h W_hᵀ + b)",
    did="Your cell is the standard one with relu.",
    next_step="Nothing to do here.",
    effect="equivalent",
    searched=False,
)
def rnn_correct_relu(s: StepInputs) -> tuple[Tensor, ...]:
    return (rnn_step(s.x, s.h, s.roles["a"], torch.relu),)


def _gru(s: StepInputs, form: GRUForm) -> tuple[Tensor, ...]:
    return (gru_step(s.x, s.h, s.roles, form),)


@cell_mistake(
    "gru.correct_after",
    "Reset gate after the product, update gate on the old state",
    formula="n = tanh(x W_xnᵀ + b_xn + r ⊙ (h W_hnᵀ + b_hn)),  h' = z ⊙ h + (1 − z) ⊙ n",
    did="Your reset gate multiplies after the product with W_hn, and your update gate weights the old state.",
    next_step=_ASKED,
    effect="equivalent",
    searched=False,
    severity="minor",
)
def gru_correct_after(s: StepInputs) -> tuple[Tensor, ...]:
    return _gru(s, GRUForm(reset="after", update="1"))


@cell_mistake(
    "gru.correct_after_conv2",
    "Reset gate after the product, update gate on the candidate",
    formula="n = tanh(x W_xnᵀ + b_xn + r ⊙ (h W_hnᵀ + b_hn)),  h' = (1 − z) ⊙ h + z ⊙ n",
    did="Your reset gate multiplies after the product with W_hn, and your update gate weights the candidate.",
    next_step=_ASKED,
    effect="equivalent",
    searched=False,
    severity="minor",
)
def gru_correct_after_conv2(s: StepInputs) -> tuple[Tensor, ...]:
    return _gru(s, GRUForm(reset="after", update="2"))


@cell_mistake(
    "gru.correct_before",
    "Reset gate before the product, update gate on the old state",
    formula="n = tanh(x W_xnᵀ + (r ⊙ h) W_hnᵀ + b_n),  h' = z ⊙ h + (1 − z) ⊙ n",
    did="Your reset gate multiplies the state before the product with W_hn; your update gate weights the old state.",
    next_step=_ASKED,
    effect="equivalent",
    searched=False,
    severity="minor",
)
def gru_correct_before(s: StepInputs) -> tuple[Tensor, ...]:
    return _gru(s, GRUForm(reset="before", update="1"))


@cell_mistake(
    "gru.correct_before_conv2",
    "Reset gate before the product, update gate on the candidate",
    formula="n = tanh(x W_xnᵀ + (r ⊙ h) W_hnᵀ + b_n),  h' = (1 − z) ⊙ h + z ⊙ n",
    did="Your reset gate multiplies the state before the product with W_hn; your update gate weights the candidate.",
    next_step=_ASKED,
    effect="equivalent",
    searched=False,
    severity="minor",
)
def gru_correct_before_conv2(s: StepInputs) -> tuple[Tensor, ...]:
    return _gru(s, GRUForm(reset="before", update="2"))


STACKED_MODEL = text(
    "model.correct",
    "Stacked layers and a classifier of the last hidden state",
    formula="y = fc(h_T)",
    did="Your model computes what is asked for.",
    next_step="Nothing to do here.",
    effect="equivalent",
)

BIDIRECTIONAL_MODEL = text(
    "bidir.correct",
    "Two stacks of layers and a classifier of both last hidden states",
    formula="y = fc([h→_T, h← after x_1])",
    did="Your model computes what is asked for.",
    next_step="Nothing to do here.",
    effect="equivalent",
)
