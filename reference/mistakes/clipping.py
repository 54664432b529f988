"""Named ways to clip gradients. Each takes what `clip_by_value` takes and returns what it returns.

Two of them are right answers to different questions: an elementwise cut where the question asks for one factor for all,
and the other way round. Which of the two is the reference, the question says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from reference.mistakes.catalogue import Collision, FunctionMistake, function_mistake
from reference.optimisers.clipping import clip_by_global_norm, clip_by_value, global_norm

Mark = Callable[..., Callable[[Callable[..., object]], FunctionMistake]]
_by_value: Mark = partial(function_mistake, of="optimisers.clipping.clip_by_value")
_by_norm: Mark = partial(function_mistake, of="optimisers.clipping.clip_by_global_norm")

Gradients = Mapping[str, Tensor]


@_by_norm(
    "clip.elementwise",
    "Each element cut on its own",
    formula="g'_k = min(max(g_k, −N), N)",
    did="You cut each element to [−N, N], which changes the direction of the gradient; one factor keeps it.",
    next_step="Clip (30, 40) with N = 5 and compare the ratio of the two elements before and after.",
)
def elementwise(gradients: Gradients, N: float) -> Gradients:
    return clip_by_value(gradients, N)


@_by_value(
    "clip.global_norm",
    "All gradients scaled by one factor",
    formula="g' = g · min(1, N / ‖g‖)",
    did="You scale all gradients by one factor, so elements inside [−N, N] change, too.",
    next_step="Clip (1, 100) with N = 10 and look at the first element.",
)
def by_global_norm(gradients: Gradients, N: float) -> Gradients:
    return clip_by_global_norm(gradients, N)


@_by_norm(
    "clip.per_tensor_norm",
    "A norm for each gradient",
    formula="g'_name = g_name · min(1, N / ‖g_name‖)",
    did="You scale each gradient by its own norm, so the parameters' shares of the step change.",
    next_step="Clip two gradients of lengths 3 and 30 with N = 3 and print the ratio of their lengths.",
)
def per_tensor_norm(gradients: Gradients, N: float) -> Gradients:
    return {name: clip_by_global_norm({name: g}, N)[name] for name, g in gradients.items()}


@_by_value(
    "clip.upper_only",
    "Cut above only",
    formula="g'_k = min(g_k, N)",
    did="You cut values above N and leave those below −N as they are.",
    next_step="Clip −1000 with N = 10 and print the outcome.",
)
def upper_only(gradients: Gradients, N: float) -> Gradients:
    return {name: g.clamp(max=N) for name, g in gradients.items()}


@_by_norm(
    "clip.always_rescale",
    "Scaled to norm N in every case",
    formula="g' = g · N / ‖g‖",
    did="You scale the gradients to norm N even where they are shorter, so small steps become long.",
    next_step="Clip a gradient of length 0.001 with N = 5 and print its new length.",
)
def always_rescale(gradients: Gradients, N: float) -> Gradients:
    norm = global_norm(gradients)
    return {name: g * (N / norm if norm else 1.0) for name, g in gradients.items()}


@_by_value(
    "clip.zero_outside",
    "Zero instead of the limit",
    formula="g'_k = g_k where |g_k| ≤ N, else 0",
    did="You set elements outside [−N, N] to 0; the steepest directions are not followed at all.",
    next_step="Clip 11 with N = 10 and compare with what clipping 10 gives.",
)
def zero_outside(gradients: Gradients, N: float) -> Gradients:
    return {name: torch.where(g.abs() > N, torch.zeros_like(g), g) for name, g in gradients.items()}


@_by_value(
    "clip.abs",
    "Sign lost",
    formula="g'_k = min(|g_k|, N)",
    did="You clip the absolute value, so negative elements come out positive.",
    next_step="Clip −3 with N = 10 and print the outcome.",
)
def without_sign(gradients: Gradients, N: float) -> Gradients:
    return {name: g.abs().clamp(max=N) for name, g in gradients.items()}


COLLISIONS = (
    Collision(
        same=("clip.global_norm", "clip.always_rescale"),
        condition="the common norm is above N",
        case="norm above N",
    ),
    Collision(
        same=("clip.elementwise", "clip.global_norm", "clip.per_tensor_norm", "clip.upper_only", "clip.zero_outside"),
        condition="the common norm is below N, so that nothing is to be clipped",
        case="norm below N",
    ),
    Collision(
        same=("clip.global_norm", "clip.per_tensor_norm", "clip.always_rescale"),
        condition="there is one gradient only, longer than N",
        case="one gradient",
    ),
    Collision(
        same=("clip.elementwise", "clip.upper_only", "clip.abs"),
        condition="no element is negative",
        case="no negative element",
    ),
)
