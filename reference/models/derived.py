"""Tensors that a model makes of its states and its input before it hands them on, with the words for them.

They are recomputed, so they are compared within a tolerance and not by their content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from reference.models.evidence import ModelEvidence

Named = tuple[str, Tensor]
"""Words, and what they stand for."""


def words_for(value: Tensor, candidates: Iterable[Named], tolerance: float) -> str | None:
    """The words for a tensor, None if it is none of the candidates; axes of length 1 do not count."""
    plain = value.detach().squeeze()
    for words, candidate in candidates:
        other = candidate.squeeze()
        if plain.shape == other.shape and float((plain - other).abs().max()) <= tolerance:
            return words
    return None


def of_states(layer: str, states: Sequence[Tensor]) -> Iterator[Named]:
    """What is made of the hidden states of a layer, which come in the order of its calls."""
    if not states or any(state.shape != states[0].shape for state in states):
        return
    every = torch.stack(list(states))  # (T, B, n)
    yield f"the mean over time of the hidden states of {layer}", every.mean(0)
    yield f"the largest of the hidden states of {layer} over time", every.amax(0)
    yield f"the sum over time of the hidden states of {layer}", every.sum(0)
    yield f"the hidden states of {layer} at all steps", every
    yield f"the hidden states of {layer} at all steps", every.transpose(0, 1)
    for call, state in enumerate(states, start=1):
        after = f"the hidden state of {layer} after call {call}"
        yield f"{after} without its negative values", state.relu()
        yield f"tanh of {after}", state.tanh()


def of_directions(forward: Named, backward: Named) -> Iterator[Named]:
    """What is made of the states of two directions."""
    if forward[1].shape == backward[1].shape:
        yield f"the sum of {forward[0]} and {backward[0]}", forward[1] + backward[1]
        yield f"the mean of {forward[0]} and {backward[0]}", (forward[1] + backward[1]) / 2
        yield f"{backward[0]} in front of {forward[0]}", torch.cat((backward[1], forward[1]), dim=1)


def of_input(seen: ModelEvidence) -> Iterator[Named]:
    """What is made of the input."""
    yield "the whole input at once", seen.x
    for sample, x in enumerate(seen.x.unbind(0), start=1):
        yield f"sample {sample} of the input with all its steps", x
    for step, x in enumerate(seen.x.unbind(1), start=1):
        yield f"the input at step {step} with its samples in reverse order", x.flip(0)
        yield f"the input at step {step} with its features in reverse order", x.flip(1)


def of_scores(scores: Tensor) -> Iterator[Named]:
    """What is made of what a classifier computed."""
    if scores.dim() == 2:
        yield "the softmax of what the classifier computed", scores.softmax(1)
        yield "the log-softmax of what the classifier computed", scores.log_softmax(1)
        yield "the sigmoid of what the classifier computed", scores.sigmoid()
        yield "what the classifier computed without its negative values", scores.relu()
