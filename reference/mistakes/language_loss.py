"""Named mistakes of the loss of a language model. Each takes what `sequence_loss` takes, summed over time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor

from reference.language.sequence_loss import sequence_loss
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "language.sequence_loss.sequence_loss"
_loss: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)


@_loss(
    "lmloss.correct",
    "Cross-entropy, summed over time",
    formula="L = −Σ_t Σ_i y_ti log ŷ_ti,  i over the vocabulary",
    did="Your loss is the standard one.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(y: Tensor, targets: Tensor) -> Tensor:
    return sequence_loss(y, targets)


@_loss(
    "lmloss.mean_for_sum",
    "Mean over time instead of the sum",
    formula="L = −(1/T) Σ_t log ŷ_t[target_t]",
    did="You take the mean over the steps; it is the sum but for the factor 1/T.",
    next_step="Nothing to do, unless the question fixes the scale: then multiply by the number of steps.",
    effect="equivalent",
    severity="minor",
)
def mean_for_sum(y: Tensor, targets: Tensor) -> Tensor:
    return sequence_loss(y, targets, "mean")


@_loss(
    "lmloss.missing_minus",
    "Minus left out",
    formula="L = Σ_t log ŷ_t[target_t]",
    did="Your loss is a sum of logarithms of probabilities, so it is negative and grows as the model gets better.",
    next_step="Compute your loss for a probability of 0.1 and of 0.9. Which of the two should be smaller?",
    severity="minor",
)
def missing_minus(y: Tensor, targets: Tensor) -> Tensor:
    return -sequence_loss(y, targets)


@_loss(
    "lmloss.corpus_for_vocab",
    "Inner sum over the words of the text",
    formula="L = −Σ_t Σ_s log ŷ_t[target_s],  s over the text",
    did="Your inner sum runs over the words of the text; at each step it should run over the vocabulary.",
    next_step="Count the terms of your inner sum and compare with the length of the vector ŷ_t.",
)
def corpus_for_vocab(y: Tensor, targets: Tensor) -> Tensor:
    return -y.log_softmax(dim=-1)[:, targets.long()].sum()


@_loss(
    "lmloss.last_step_only",
    "Loss of the last step only",
    formula="L = −log ŷ_T[target_T]",
    did="Your loss looks at the last step only, so the predictions before it are not trained.",
    next_step="Change the scores of the first step and look whether your loss changes.",
)
def last_step_only(y: Tensor, targets: Tensor) -> Tensor:
    return sequence_loss(y[-1:], targets[-1:])


COLLISIONS = (
    Collision(
        same=("lmloss.correct", "lmloss.mean_for_sum", "lmloss.corpus_for_vocab", "lmloss.last_step_only"),
        condition="there is one step only",
        case="one step",
    ),
    Collision(
        same=("lmloss.mean_for_sum", "lmloss.last_step_only"),
        condition="all steps have the same loss",
        case="equal steps",
    ),
)
