"""Drawing from a distribution, and the loop that writes a sequence character by character."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

Vector = Float[Tensor, " vocabulary"]
State = Float[Tensor, " hidden"]
NetworkStep = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(x, a) -> (scores, new a): one step of a trained network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingTask:
    """What a sampling loop is given."""

    step: NetworkStep
    vocabulary: int
    """Number of characters."""
    hidden: int
    """Length of the state a."""
    stop: int
    """Index of the character that ends a sequence, such as the newline."""
    length: int
    """Characters at most."""
    text: Sequence[int] = ()
    """A text of the training set, which a right loop never reads; empty if there is none."""


def draw(p: Vector, generator: Generator) -> int:
    r"""An index, drawn at random with the probabilities given.

    Equations
        P(index = i) = p_i

    Shapes      p (vocabulary,) · result a number from 0 to vocabulary − 1
    Source      Inverse transform sampling, as in Devroye 1986, "Non-uniform random variate generation", chapter III.2.
    Departures  torch.multinomial does it; the stream of random numbers is therefore torch's own.
    Numerics    p need not sum to exactly 1: torch divides by the sum.
    Oracle      The frequencies of 10,000 draws by a chi-square test, p > 1e-4
                (tests/unit/reference/test_sampling.py).
    Mistakes    reference/mistakes/language_sampling.py: the largest p_i taken instead of a draw, scores used for p.

    Raises:
        ValueError: if a weight is negative, or none is positive.
    """
    if bool((p < 0).any()) or not bool(p.sum() > 0):
        raise ValueError(f"p is {p.tolist()}; wanted weights that are not negative, one of them positive")
    return int(torch.multinomial(p, 1, generator=generator))


def one_hot(index: int, vocabulary: int) -> Vector:
    """The vector with a 1 at an index, float64: (vocabulary,)."""
    x = torch.zeros(vocabulary, dtype=torch.float64)
    x[index] = 1.0
    return x


def sample_sequence(task: SamplingTask, generator: Generator) -> list[int]:
    r"""A sequence that the network writes by itself.

    Equations
        x_1 = 0,  a_0 = 0
        (y_t, a_t) = step(x_t, a_{t−1})
        p_t = softmax(y_t)
        i_t ~ p_t                     drawn at random
        x_{t+1} = one_hot(i_t)        what was drawn is read next
        until i_t = stop or t = length

    Shapes      x_t, y_t, p_t (vocabulary,) · a_t (hidden,) · result at most `length` indices, `stop` included
    Source      Graves 2013, arXiv:1308.0850v5, section 2 (prediction network) for feeding samples back as inputs.
    Departures  The first input is the zero vector, not a start symbol. Where `length` ends the loop no `stop` is added.
    Numerics    float64 inputs and states; softmax in torch's stable form.
    Oracle      The exact distribution over all short sequences, from products of step probabilities, by a chi-square
                test, p > 1e-4 (tests/unit/reference/test_sampling.py).
    Mistakes    reference/mistakes/language_sampling.py: argmax, training text fed back, no stop, scores used for p.
    """
    x = torch.zeros(task.vocabulary, dtype=torch.float64)
    a = torch.zeros(task.hidden, dtype=torch.float64)
    indices: list[int] = []
    while len(indices) < task.length:
        y, a = task.step(x, a)  # (vocabulary,), (hidden,)
        index = draw(y.softmax(dim=-1), generator)
        indices.append(index)
        if index == task.stop:
            break
        x = one_hot(index, task.vocabulary)
    return indices
