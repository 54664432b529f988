"""Named mistakes of a sampling loop. Each takes what `sample_sequence` takes and returns what it returns.

They come from two choices, how an index is chosen and what is read next, and from the end of the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor

from reference.language.sampling import SamplingTask, draw, one_hot, sample_sequence
from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake

_OF = "language.sampling.sample_sequence"
_samp: Callable[..., Callable[[Callable[..., object]], FunctionMistake]] = partial(function_mistake, of=_OF)

Choose = Callable[[Tensor, Generator], int]


def _at_random(y: Tensor, generator: Generator) -> int:
    return draw(y.softmax(dim=-1), generator)


def _largest(y: Tensor, generator: Generator) -> int:
    return int(y.argmax())


def _by_scores(y: Tensor, generator: Generator) -> int:
    return draw(y.clamp(min=0), generator)


def _loop(
    task: SamplingTask,
    generator: Generator,
    choose: Choose = _at_random,
    *,
    reads_text: bool = False,
    stops: bool = True,
) -> list[int]:
    x, a = torch.zeros(task.vocabulary, dtype=torch.float64), torch.zeros(task.hidden, dtype=torch.float64)
    indices: list[int] = []
    while len(indices) < task.length:
        y, a = task.step(x, a)
        indices.append(choose(y, generator))
        if stops and indices[-1] == task.stop:
            break
        given = reads_text and len(indices) <= len(task.text)
        x = one_hot(task.text[len(indices) - 1] if given else indices[-1], task.vocabulary)
    return indices


@_samp(
    "samp.correct",
    "Drawn at random, fed back",
    formula="i_t ~ softmax(y_t),  x_{t+1} = one_hot(i_t)",
    did="You draw from the softmax and feed back what was drawn.",
    next_step="Nothing to do here.",
    effect="equivalent",
    severity="minor",
)
def correct(task: SamplingTask, generator: Generator) -> list[int]:
    return sample_sequence(task, generator)


@_samp(
    "samp.argmax_not_random",
    "Most probable character instead of a draw",
    formula="i_t = argmax y_t,  x_{t+1} = one_hot(i_t)",
    did="You always take the most probable character, so every sample of the same network is the same.",
    next_step="Sample twice with different seeds and compare the two texts.",
)
def argmax_not_random(task: SamplingTask, generator: Generator) -> list[int]:
    return _loop(task, generator, _largest)


@_samp(
    "samp.teacher_forced",
    "Training text fed back instead of the sample",
    formula="i_t ~ softmax(y_t),  x_{t+1} = one_hot(text_t)",
    did="You feed the next step with the training text, so what you drew has no effect on what follows.",
    next_step="Print the character that was drawn and the one that the next step reads, side by side.",
)
def teacher_forced(task: SamplingTask, generator: Generator) -> list[int]:
    return _loop(task, generator, reads_text=True)


@_samp(
    "samp.argmax_teacher_forced",
    "Most probable character, and training text fed back",
    formula="i_t = argmax y_t,  x_{t+1} = one_hot(text_t)",
    did="You take the most probable character and feed the next step with the training text: nothing is sampled.",
    next_step="Sample twice with different seeds, and print what each step reads beside what was chosen before it.",
)
def argmax_teacher_forced(task: SamplingTask, generator: Generator) -> list[int]:
    return _loop(task, generator, _largest, reads_text=True)


@_samp(
    "samp.no_stop",
    "End of the sequence passed over",
    formula="until t = length, whatever i_t is",
    did="You go on after the character that ends a sequence, so a sample holds several of them.",
    next_step="Print your sample with the ending character made visible.",
    severity="minor",
)
def no_stop(task: SamplingTask, generator: Generator) -> list[int]:
    return _loop(task, generator, stops=False)


@_samp(
    "samp.logits_as_probs",
    "Scores used as probabilities",
    formula="i_t ~ max(y_t, 0) / Σ max(y_t, 0)",
    did="You draw with the scores as weights; without the softmax they are no probabilities.",
    next_step="Print the sum of the weights that you draw with, and the smallest of them.",
)
def logits_as_probs(task: SamplingTask, generator: Generator) -> list[int]:
    return _loop(task, generator, _by_scores)


COLLISIONS = (
    Collision(
        same=("samp.correct", "samp.teacher_forced", "samp.no_stop"),
        condition="sequences have one character",
        case="one character",
    ),
    Collision(
        same=("samp.argmax_not_random", "samp.argmax_teacher_forced"),
        condition="sequences have one character",
        case="one character",
    ),
    Collision(
        same=("samp.correct", "samp.argmax_not_random"),
        condition="the network is certain of every character",
        case="certain network",
    ),
    Collision(
        same=("samp.teacher_forced", "samp.argmax_teacher_forced"),
        condition="the network is certain of every character",
        case="certain network",
    ),
    Collision(
        same=("samp.correct", "samp.teacher_forced"),
        condition="the scores do not depend on the input",
        case="input ignored",
    ),
    Collision(
        same=("samp.argmax_not_random", "samp.argmax_teacher_forced"),
        condition="the scores do not depend on the input",
        case="input ignored",
    ),
    Collision(
        same=("samp.correct", "samp.no_stop"),
        condition="the ending character never comes",
        case="no end",
    ),
)
