"""Perplexity of a language model from the losses of its batches."""

from __future__ import annotations

from jaxtyping import Float, Num
from torch import Tensor

Losses = Float[Tensor, " batches"]
"""Mean cross-entropy of a token in each batch."""
Tokens = Num[Tensor, " batches"]
"""Number of tokens in each batch."""
Number = Float[Tensor, ""]


def perplexity(losses: Losses, tokens: Tokens) -> Number:
    r"""Perplexity from mean losses in nats.

    Equations
        L   = Σ_b tokens_b losses_b / Σ_b tokens_b      mean nats of a token
        ppl = exp(L)

    Shapes      losses (batches,), nats · tokens (batches,), counts · ppl a number, at least 1
    Source      Zaremba, Sutskever and Vinyals 2014, arXiv:1409.2329v5, section 4.1, for the measure on the Penn
                Treebank; Jelinek et al. 1977 for the measure itself.
    Departures  none
    Numerics    The mean is taken before exp: the exponential of a sum of losses overflows after some hundred tokens.
    Oracle      1 / (product of the tokens' probabilities)^(1/N) by direct multiplication, relative 1e-12
                (tests/unit/reference/test_language_perplexity.py).
    Mistakes    reference/mistakes/language_perplexity.py: 2 to the power of nats, exp inside the mean, exp of the sum,
                batches of different sizes weighted alike.

    Raises:
        ValueError: if there are not as many counts as losses, one is negative, or there is no token.
    """
    return _mean(losses, tokens).exp()


def perplexity_of_bits(losses: Losses, tokens: Tokens) -> Number:
    r"""Perplexity from mean losses in bits.

    Equations
        L   = Σ_b tokens_b losses_b / Σ_b tokens_b      mean bits of a token
        ppl = 2^L

    Shapes      losses (batches,), bits · tokens (batches,), counts · ppl a number, at least 1
    Source      As perplexity; bits = nats / ln 2.
    Departures  none
    Numerics    As perplexity.
    Oracle      perplexity of the same losses in nats, relative 1e-12
                (tests/unit/reference/test_language_perplexity.py).
    Mistakes    reference/mistakes/language_perplexity.py: e to the power of bits.

    Raises:
        ValueError: if there are not as many counts as losses, one is negative, or there is no token.
    """
    return _mean(losses, tokens).exp2()


def _mean(losses: Losses, tokens: Tokens) -> Number:
    if losses.shape != tokens.shape:
        raise ValueError(f"tokens has {len(tokens)} values; wanted {len(losses)}, one for each loss")
    if bool((tokens < 0).any()) or not bool(tokens.sum() > 0):
        raise ValueError(f"tokens is {tokens.tolist()}; wanted counts, one of them positive")
    return (tokens * losses).sum() / tokens.sum()
