"""Mistakes of a language model as a whole: where its dropout stands, and what becomes of its states between batches.

They are found by comparing calls, so they are texts without a formula of their own.
"""

from __future__ import annotations

from reference.mistakes.catalogue import text

DROPOUT_MISSING = text(
    "lm.dropout_missing",
    "No dropout while training",
    formula="D(v) = v in training",
    did="In training mode your model gives the same scores whatever share is to be dropped.",
    next_step="Call the model twice in training mode with dropout=0.5 and compare the scores.",
)

DROPOUT_IN_USE = text(
    "lm.dropout_in_use",
    "Dropout outside of training",
    formula="D(v) = m ⊙ v / (1 − q) in use, too",
    did="After `model.eval()` your model still drops values, so two calls give different scores.",
    next_step="Call the model twice after `model.eval()` and print the difference.",
)

DROPOUT_ON_STATE = text(
    "lm.dropout_on_state",
    "Dropout between the steps",
    formula="h_t = step(x_t, D(h_{t−1}))",
    did="You drop values of the state that a layer hands to itself, so what it remembers is lost at random.",
    next_step="Set dropout to 0.999, run a step in training mode from two different states, and compare the outcome.",
)

DROPOUT_SOMEWHERE = text(
    "lm.dropout_place_missing",
    "A place without dropout",
    formula="D around some of x_t, h⁽ˡ⁾_t between layers, h⁽ᴸ⁾_t",
    did="Your dropout stands at some of the non-recurrent connections, but not at all of them.",
    next_step="Set dropout to 0.999 and look which of the scores and states still depend on the words.",
    severity="minor",
)

STATES_IGNORED = text(
    "lm.states_ignored",
    "States from the last batch ignored",
    formula="s_0 = 0 whatever is given",
    did="Your model starts from zeros even where states are given, so each batch begins without what came before.",
    next_step="Run a sentence in one call and in two, handing the states on, and compare the scores of the last word.",
)

OTHER_CELL = text(
    "lm.other_cell",
    "The other kind of cell",
    formula="GRU for LSTM, or LSTM for GRU",
    did="The layers in your model are not those of the mode that it was made for.",
    next_step="Print the model once for each mode.",
)

SEES_THE_FUTURE = text(
    "lm.sees_the_future",
    "Scores that depend on later words",
    formula="a_t depends on x_{t+1}",
    did="The scores at a step of yours change when a later word changes, so the model can copy what it is to predict.",
    next_step="Change the last word of a sentence only, and compare the scores before it.",
)

NOT_DETACHED = text(
    "lm.states_not_detached",
    "States that hold the graph of earlier batches",
    formula="s' = s, with its history",
    did="The states that you return still lead back into the batches before, so each step gets slower and larger.",
    next_step="Print `requires_grad` of each of the states that you return.",
)

ONLY_ONE_DETACHED = text(
    "lm.one_state_not_detached",
    "One of two states detached",
    formula="(h', c') = (detach(h), c)",
    did="You cut off one of the two states of an LSTM; the other still leads back into the batches before.",
    next_step="Print `requires_grad` of each of the states that you return.",
    severity="minor",
)

STATES_LOST = text(
    "lm.states_lost",
    "States thrown away between batches",
    formula="s' = 0",
    did="You return other values than those given, so each batch begins without what came before.",
    next_step="Print the states before and after your function.",
)
