"""Named mistakes of a perplexity. Each takes what `perplexity` takes: mean nats and tokens of each batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from torch import Tensor

from reference.language.perplexity import perplexity, perplexity_of_bits
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "language.perplexity.perplexity"
_ppl: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)


def _mean(losses: Tensor, tokens: Tensor) -> Tensor:
    return (tokens * losses).sum() / tokens.sum()


@_ppl(
    "ppl.correct",
    "Exponential of the mean loss of a token",
    formula="ppl = exp(Σ n_b L_b / Σ n_b)",
    did="Your perplexity is e to the power of the mean nats of a token.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(losses: Tensor, tokens: Tensor) -> Tensor:
    return perplexity(losses, tokens)


@_ppl(
    "ppl.two_to_bits",
    "2 to the power of the mean bits",
    formula="ppl = 2^(mean bits),  bits = nats / ln 2",
    did="You take 2 to the power of the mean bits of a token, which is the same number.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def two_to_bits(losses: Tensor, tokens: Tensor) -> Tensor:
    return perplexity_of_bits(losses / math.log(2), tokens)


@_ppl(
    "ppl.two_to_nats",
    "2 to the power of nats",
    formula="ppl = 2^(mean nats)",
    did="Your loss is in nats, as torch's losses are, and you take 2 to its power; 2 belongs to bits.",
    next_step="Compute the perplexity of an even guess among 10 words. It should be 10.",
)
def two_to_nats(losses: Tensor, tokens: Tensor) -> Tensor:
    return _mean(losses, tokens).exp2()


@_ppl(
    "ppl.bits_vs_nats",
    "e to the power of bits",
    formula="ppl = e^(mean bits)",
    did="Your loss is in bits, and you take e to its power; e belongs to nats.",
    next_step="Compute the perplexity of an even guess among 10 words. It should be 10.",
)
def bits_vs_nats(losses: Tensor, tokens: Tensor) -> Tensor:
    return (_mean(losses, tokens) / math.log(2)).exp()


@_ppl(
    "ppl.mean_of_exp",
    "Mean of the exponentials",
    formula="ppl = Σ n_b exp(L_b) / Σ n_b",
    did="You take the exponential of each batch and then the mean, so the worst batches weigh most.",
    next_step="Compute it for losses 0 and 10 in your way, and as exp(5).",
)
def mean_of_exp(losses: Tensor, tokens: Tensor) -> Tensor:
    return _mean(losses.exp(), tokens)


@_ppl(
    "ppl.exp_of_sum",
    "Exponential of the summed loss",
    formula="ppl = exp(Σ_b L_b)",
    did="You take the exponential of a sum, so your number grows with the length of the text.",
    next_step="Repeat the text once and look whether the perplexity stays the same.",
)
def exp_of_sum(losses: Tensor, tokens: Tensor) -> Tensor:
    return losses.sum().exp()


@_ppl(
    "ppl.unweighted_batches",
    "Batches of different sizes weighted alike",
    formula="ppl = exp(mean_b L_b)",
    did="You weight all batches alike, though the last one holds fewer tokens.",
    next_step="Print the number of tokens in each batch, and your outcome without the last batch.",
    severity="minor",
)
def unweighted_batches(losses: Tensor, tokens: Tensor) -> Tensor:
    return losses.mean().exp()


COLLISIONS = (
    Collision(
        same=("ppl.correct", "ppl.two_to_bits"),
        condition="the losses are any: the two are one number",
        case="always",
    ),
    Collision(
        same=("ppl.correct", "ppl.two_to_bits", "ppl.unweighted_batches"),
        condition="all batches hold equally many tokens",
        case="equal batches",
    ),
    Collision(
        same=("ppl.correct", "ppl.two_to_bits", "ppl.unweighted_batches", "ppl.mean_of_exp"),
        condition="all batches have the same loss",
        case="equal losses",
    ),
    Collision(
        same=("ppl.correct", "ppl.two_to_bits", "ppl.unweighted_batches", "ppl.mean_of_exp", "ppl.exp_of_sum"),
        condition="there is one batch only",
        case="one batch",
    ),
)
