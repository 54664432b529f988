"""Named mistakes of the backward pass of the memory cell: what comes back into the cell state and the output gate."""

from __future__ import annotations

import numpy as np

from reference.gradients.lstm_case import LSTMCase
from reference.mistakes.gradients_seq_pieces import Pieces, Values, gradients_in_pieces, seq_mistake


@seq_mistake(
    "seq.no_da_path",
    "Way through the hidden state left out",
    formula="k = dc",
    did="Your gradient of c' contains only what comes from the next step's cell; c' also acts through a'.",
    next_step="Set dc to zero, as at the last step: which of your gradients are left?",
)
def no_da_path(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(k=lambda p, slope: p.dc))


@seq_mistake(
    "seq.no_dc_next",
    "Way through the next cell left out",
    formula="k = Γ_o ⊙ (1 − tanh²(c')) ⊙ da",
    did="Your gradient of c' contains only what comes through a'; c' is also handed on to the next step.",
    next_step="Set da to zero: which of your gradients are left? Then check a step that is not the last.",
)
def no_dc_next(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(k=lambda p, slope: p.o * slope * p.da))


@seq_mistake(
    "seq.dtanh_of_c",
    "Slope of tanh from the cell itself",
    formula="k = Γ_o ⊙ (1 − c'²) ⊙ da + dc",
    did="Your slope is 1 − c'², though c' is no value of tanh: it becomes negative where c' is beyond 1.",
    next_step="Set c' to 3 and compare your slope with the difference quotient of tanh at 3.",
    severity="minor",
)
def dtanh_of_c(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(cell_slope=lambda p: 1 - p.c**2))


@seq_mistake(
    "seq.dtanh_missing",
    "Slope of the cell's tanh left out",
    formula="k = Γ_o ⊙ da + dc",
    did="You pass the gradient from a' to c' as if a' were Γ_o ⊙ c'.",
    next_step="Set c' to 5, where tanh is flat, and see how much a' moves with c'.",
)
def dtanh_missing(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(cell_slope=lambda p: np.ones_like(p.c)))


@seq_mistake(
    "seq.o_uses_c",
    "Cell without tanh in the output gate's gradient",
    formula="dΓ_o = da ⊙ c' ⊙ Γ_o (1 − Γ_o)",
    did="Your (7) pairs da with c', while the output gate multiplies tanh(c').",
    next_step="Set c' to 5 and compare with the difference quotient of a' in the output gate's bias.",
    severity="minor",
)
def o_uses_c(case: LSTMCase) -> Values:
    return gradients_in_pieces(case, Pieces(output=lambda p: p.c))
